"""A daemon whose calibrator is elsewhere, and a cut cable: ``python -m tools.robustness.cable``.

Runs `hillstream demo arm` with its calibrator in `hillstream calibrator`, a process of its own,
beyond a cable that is cut in the middle and mended. Says which ticks were missed, when the moments
were called DEGRADED and when NOMINAL again, and what of the calibrator's window was lost. With
`--namespaces` the calibrator is in a network of its own, behind CURVE keys, the way there is long
and uneven, and the cable is pulled out without a word. Exits with 1 where a tick was missed, a row
of the window lost, or NOMINAL later than 5 s after the cable was mended.
"""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from daemon.bench.latency.setup import free_port
from daemon.calibration.asking import clients_of
from daemon.config import load_config
from daemon.terminal.command import Command
from daemon.terminal.console import json_option, say, write_json
from pipeline.streams import clock
from pipeline.transport.curve import ClientKeys
from pipeline.transport.key_files import new_keys, read_pair, read_public
from tools.robustness.faults.cable import Cable
from tools.robustness.faults.controller import Controller, Heard
from tools.robustness.faults.finding import missed_ticks
from tools.robustness.faults.scene import ROOT
from tools.robustness.network import THERE, OtherNetwork

WANTED_S = 5.0
"""NOMINAL is wanted so soon after the cable is mended, s."""
DELAY_S, JITTER_S = 0.02, 0.05
LOST, AGAIN_S = 0.02, 0.2
"""Share of the pieces that are lost, and after what TCP sends them again at the earliest, s."""
PATIENCE_S = 300.0


@dataclass(frozen=True)
class Found:
    """What became of a daemon whose cable was cut.

    Parameters
    ----------
    seconds, cut_s
        How long it was watched, and how long the cable was cut, s.
    missed_ticks
        Rows that were due, that the input allowed, and that were not published.
    degraded_s
        From the cut until the moments were called DEGRADED, s; None where they never were.
    nominal_s
        From the mending until they were NOMINAL for good, s; None where they were not.
    rows_missing
        Rows of the calibrator's window that had not come at its first update after the mending.
    updates
        Before, during and after the cut.
    restarts
        Of the daemon's processes.
    """

    seconds: float
    cut_s: float
    missed_ticks: int
    degraded_s: float | None
    nominal_s: float | None
    rows_missing: int
    updates: tuple[int, int, int]
    restarts: dict[str, int]

    @property
    def as_wanted(self) -> bool:
        """Whether nothing was lost and all was well again in time."""
        in_time = self.nominal_s is not None and self.nominal_s <= WANTED_S
        return in_time and not self.missed_ticks and not self.rows_missing


class Way:
    """A calibrator, and the way to it.

    Parameters
    ----------
    folder
        For keys and set-ups.
    other
        The network the calibrator is in; None for this one.
    holds
        Whether the cable goes dead without a word, where it is in this network.
    """

    def __init__(self, folder: Path, other: OtherNetwork | None, holds: bool) -> None:
        self._folder, self._other, self._holds = folder, other, holds
        host = THERE if other else "127.0.0.1"
        self.listen = f"tcp://{host}:{free_port()}"
        self.cable = Cable(self.listen, uneven(1) if other else lambda: 0.0)
        self._secret, public = new_keys("gpu", folder)
        self._own, own_public = new_keys("board", folder)
        self._keyed = ["--key", str(self._secret), "--clients", str(own_public)] if other else []
        self._server_key = public if other else None

    @property
    def calibrator(self) -> list[str]:
        """The command that calibrates."""
        before = self._other.inside if self._other else []
        command = [sys.executable, "-m", "daemon.cli", "calibrator", "arm"]
        return [*before, *command, "--listen", self.listen, *self._keyed]

    def set_up(self, output: str) -> Path:
        """Write the daemon's set-up."""
        text = (ROOT / "configs" / "arm.toml").read_text(encoding="utf-8")
        text = text.replace('"models/', f'"{ROOT}/configs/models/')
        text += f'\n[calibrator]\nwhere = "{self.cable.address}"\n'
        if self._server_key:
            text += f'server_key = "{self._server_key}"\n'
            text += f'\n[security]\nserver_key = "{self._own}"\n'
        text += f'\n[output]\nzmq = "{output}"\nlsl = false\ntrust_generic = true\n'
        text += f'\n[control]\naddress = "ipc://{self._folder}/control"\n'
        path = self._folder / "arm.toml"
        path.write_text(text, encoding="utf-8")
        return path

    def cut(self) -> None:
        """Let nothing through any more."""
        if self._other:
            self._other.cut()
        elif self._holds:
            self.cable.hold()
        else:
            self.cable.cut()

    def mend(self) -> None:
        """Let all through again."""
        if self._other:
            self._other.mend()
        self.cable.mend()

    def rows_missing(self) -> int:
        """Return how many rows of the window have not come, as the calibrator says."""
        key = self._server_key
        keys = ClientKeys(read_pair(self._own), read_public(str(key))) if key else None
        (client,) = clients_of(self.listen, keys, PATIENCE_S).clients
        return client.missing

    @property
    def listener(self) -> ClientKeys | None:
        """What is needed to hear the daemon's moments: once it has a key, it asks for keys."""
        own = read_pair(self._own)
        return ClientKeys(own, own.public) if self._server_key else None


def uneven(seed: int) -> Callable[[], float]:
    """Return how late the pieces come: a delay, its jitter, and what TCP makes of a loss."""
    chance = random.Random(seed)

    def late() -> float:
        again = AGAIN_S if chance.random() < LOST else 0.0
        return DELAY_S + chance.uniform(0.0, JITTER_S) + again

    return late


class Watched:
    """The daemon at work, as a controller hears it."""

    def __init__(self, daemon: subprocess.Popen[bytes], controller: Controller) -> None:
        self._daemon, self.controller = daemon, controller

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait until something is so."""
        until = time.monotonic() + PATIENCE_S
        while not condition():
            if self._daemon.poll() is not None:
                raise click.ClickException("The daemon has ended.")
            if time.monotonic() > until:
                raise click.ClickException(f"Not within {PATIENCE_S:g} s: {what}. {self._note()}")
            time.sleep(0.05)

    def _note(self) -> str:
        newest = self.controller.statuses[-1:]
        return str(newest[0].body["note"]) if newest else "The daemon has said nothing."

    def updates(self) -> int:
        """Return how many updates there were."""
        newest = self.controller.statuses[-1:]
        told = newest[0].body["calibrator"] if newest else None
        return told["count"] if told else 0

    def said(self, word: str, since: float) -> float | None:
        """Return when moments first bore a status, not before `since`, s."""
        heard = self.controller.moments
        return next((m.at for m in heard if m.at >= since and m.status == word), None)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)


def measure(seconds: float, cut_s: float, namespaces: bool, holds: bool) -> Found:
    """Run the daemon, cut its cable, and return what became of it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="cable-")))
        other = OtherNetwork() if namespaces else None
        if other:
            stack.callback(other.close)
        way = Way(folder, other, holds)
        stack.callback(way.cable.close)
        output, result = f"ipc://{folder}/moments", folder / "result.json"
        controller = Controller(output, way.listener)
        stack.callback(controller.close)
        stack.enter_context(_running(way.calibrator))
        demo = [sys.executable, "-m", "daemon.cli", "demo", str(way.set_up(output)), "--headless"]
        demo += ["--no-session", "--seconds", "100000", "--json", str(result)]
        with _running(demo) as daemon:
            found = _watch(Watched(daemon, controller), way, seconds, cut_s)
        run = json.loads(result.read_text(encoding="utf-8"))
        return Found(**found, restarts=run["restarts"])


def _watch(watched: Watched, way: Way, seconds: float, cut_s: float) -> dict[str, Any]:
    window_s = load_config("arm").calibrator.window_s
    rest_s = (seconds - cut_s) / 2
    watched.wait(lambda: watched.updates() > window_s, "the calibrator's window is full")
    counts, began = [watched.updates()], clock.now()
    time.sleep(rest_s)
    counts.append(watched.updates())
    cut = clock.now()
    way.cut()
    time.sleep(cut_s)
    counts.append(watched.updates())
    way.mend()
    mended = clock.now()
    watched.wait(lambda: watched.updates() > counts[-1], "an update after the cut")
    missing = way.rows_missing()
    time.sleep(max(0.0, rest_s - (clock.now() - mended)))
    counts.append(watched.updates())
    heard = watched.controller
    degraded = watched.said("DEGRADED", cut)
    return {
        "seconds": clock.now() - began,
        "cut_s": mended - cut,
        "missed_ticks": missed_ticks([s for s in heard.statuses if s.at >= began]),
        "degraded_s": degraded and degraded - cut,
        "nominal_s": well_again_s(heard.moments, mended),
        "rows_missing": missing,
        "updates": tuple(after - before for before, after in pairwise(counts)),
    }


def well_again_s(moments: Sequence[Heard], mended: float) -> float | None:
    """Return how long after the mending the moments were NOMINAL, and from then on, s."""
    bad = [m.at for m in moments if m.status != "NOMINAL"]
    since = next((m.at for m in moments if m.at > max(bad, default=0.0)), None)
    return None if since is None else max(0.0, since - mended)


@click.command(cls=Command)
@click.option("--seconds", default=60.0, show_default=True, help="How long it is watched, s.")
@click.option("--cut", "cut_s", default=10.0, show_default=True, help="How long it is cut, s.")
@click.option("--hold", "holds", is_flag=True, help="The cable goes dead without a word.")
@click.option(
    "--namespaces",
    is_flag=True,
    help="The calibrator is in a network namespace of its own, beyond a delay of "
    f"{1e3 * DELAY_S:g} ms with {1e3 * JITTER_S:g} ms of jitter and {LOST:.0%} loss; needs root.",
)
@json_option()
def main(
    seconds: float, cut_s: float, holds: bool, namespaces: bool, json_file: str | None
) -> None:
    """Cut the cable between a daemon and its calibrator, and say what is lost."""
    found = measure(seconds, cut_s, namespaces, holds)
    write_json(json_file, asdict(found) | {"as_wanted": found.as_wanted})
    before, during, after = found.updates
    say(
        f"Watched for {found.seconds:.0f} s, cut for {found.cut_s:.1f} s: "
        f"{found.missed_ticks} ticks missed.\n"
        f"DEGRADED {_told(found.degraded_s)} after the cut, NOMINAL {_told(found.nominal_s)} after "
        f"the cable was mended.\n"
        f"{found.rows_missing} rows of the window missing; updates {before} before, {during} "
        f"during and {after} after the cut; restarts {found.restarts}.",
        json_file,
    )
    if not found.as_wanted:
        raise SystemExit(1)


def _told(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s"


if __name__ == "__main__":
    main()
