"""A worker of the daemon: started, watched, replaced, ended."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace

from daemon.host.machine import wants_processor
from daemon.processes.child import ChildProcess
from daemon.processes.life import SPARE, Role
from daemon.processes.nursery import Nursery
from pipeline.errors import UserError

PATIENCE_S = 5.0
"""Time a worker has to end in order; after it, it is killed."""
BACK_OFF_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before the first, second, ... restart; the last one goes for all later ones."""
SOUND_AFTER_S = 60.0
"""Who has worked for so long is restarted without a pause again."""
SPARE_EVERY_S = 10.0
"""A spare process that dies is not replaced more often, s."""

logger = logging.getLogger(__name__)


class Worker:
    """A process of the daemon, and the one that follows when it ends.

    Parameters
    ----------
    nursery
        Where its processes are born.
    name
        What it is called in messages.
    target
        Function run in the process, as ``package.module:function``, with a `signs.Stop` as its
        last argument. A `UserError` it raises is handed to `check`.
    patience_s
        Longest that its loop may take to go round once, s.
    beat_patience_s
        Longest that the process may show no sign of life at all, s, however long its loop takes,
        unless it only waits for a processor; None where its loop is sign enough.
    rehearsal
        What a spare process does, so that it can take over at once; see `prepare`.
    """

    def __init__(
        self,
        nursery: Nursery,
        name: str,
        target: str,
        patience_s: float = math.inf,
        *,
        beat_patience_s: float | None = None,
        rehearsal: str | None = None,
    ) -> None:
        self.name = name
        self.restarts = 0
        self._patience_s = patience_s
        self._beat_patience_s = math.inf if beat_patience_s is None else beat_patience_s
        self._role = Role(target, rehearsal, beats=beat_patience_s is not None)
        self._nursery = nursery
        self._stopping = False
        self._failures = 0
        self._due: float | None = None
        self._life: ChildProcess | None = None
        self._spare: ChildProcess | None = None
        self._spare_due = 0.0

    def start(self, *args: object) -> None:
        """Start to work, in the spare process if there is one; `args` go to the target."""
        self._due = None
        spare, self._spare = self._spare, None
        if spare is None or not spare.alive:
            spare = self._born(replace(self._role, rehearsal=None))
        else:
            self._spare_due = 0.0
        spare.begin(args)
        self._life = spare

    def prepare(self, *args: object) -> None:
        """Have a spare process, where there is none: imports done, `args` rehearsed, and waiting.

        It holds no address and no stream, so it stands in nobody's way.
        """
        now = time.monotonic()
        if now >= self._spare_due and (self._spare is None or not self._spare.alive):
            self._spare_due = now + SPARE_EVERY_S
            self._spare = self._born(self._role, *args)

    def await_spare(self) -> None:
        """Wait until the spare process has rehearsed; raises the UserError it ended with."""
        if self._spare is not None:
            self._spare.await_rehearsal()

    def _born(self, role: Role, *rehearsed: object) -> ChildProcess:
        return ChildProcess(self._nursery, SPARE + self.name, role, rehearsed)

    @property
    def pid(self) -> int | None:
        """Id of the process; None before it is born."""
        return None if self._life is None else self._life.pid

    @property
    def ready(self) -> bool:
        """Whether the process has said that it is at work."""
        return self._life is not None and self._life.ready

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._life is not None and self._life.alive

    @property
    def computes(self) -> bool:
        """Whether the process has work to do at the moment, though it may have to wait for it."""
        return self.pid is not None and wants_processor(self.pid)

    def moves(self, within_s: float) -> bool:
        """Tell whether the process is at work and has shown it `within_s`; see `kill_if_hung`."""
        life = self._life
        if life is None or not (life.alive and life.ready):
            return False
        return (life.beat if self._role.beats else life.loop).seconds <= within_s

    def kill_if_hung(self) -> bool:
        """Look for signs of life; kill the process if they are missing for too long."""
        life = self._life
        if life is None:
            return False
        ready = life.ready  # before the looks, so that what announces itself has moved already
        life.loop.look()
        if self._role.beats:
            life.beat.look()
        if not (ready and life.alive and self._is_hung(life)):
            return False
        logger.error("The %s does not move and is killed", self.name)
        life.kill()
        return True

    def _is_hung(self, life: ChildProcess) -> bool:
        if life.loop.seconds > self._patience_s:
            return True
        return life.beat.seconds > self._beat_patience_s and not self.computes

    def check(self) -> None:
        """Raise the UserError the process ended with, if it did."""
        complaint = self._life.complaint() if self._life else None
        if complaint is not None:
            raise UserError(complaint)

    def restart_due(self) -> bool:
        """Tell whether a dead process should be started again, after a growing pause."""
        if self._life is None or self.alive or self._stopping:
            return False
        now = time.monotonic()
        if self._due is None:
            if now - self._life.began_at > SOUND_AFTER_S:
                self._failures = 0
            self._due = now + BACK_OFF_S[min(self._failures, len(BACK_OFF_S) - 1)]
            self._failures += 1
            self.restarts += 1
            logger.warning("The %s ended unexpectedly; starting it again", self.name)
        return now >= self._due

    def ask_to_stop(self) -> None:
        """Ask the process to end in order."""
        self._stopping = True
        if self._life is not None:
            self._life.ask_to_stop()

    def join(self, patience_s: float = PATIENCE_S) -> None:
        """Wait for the end of the process; kill it where it takes too long, or on an interrupt."""
        try:
            if self._life is not None:
                self._life.join(patience_s)
        finally:
            self.kill()

    def kill(self) -> None:
        """End at once whatever still runs."""
        if self._life is not None and self._life.alive:
            logger.error("The %s did not stop in time and was killed", self.name)
            self._life.kill()
        if self._spare is not None:
            self._spare.kill()
