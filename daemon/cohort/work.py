"""What a process of a cohort does: calibrate a batch, and make rows of it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence

from daemon.cohort.batches import Batch
from daemon.cohort.cases import Case
from daemon.cohort.digest import version
from daemon.cohort.rows import Row, done, failed
from daemon.config import Config
from daemon.offline.calibrate import CalibrationRequest
from daemon.offline.together import Member, Outcome, calibrate_together
from pipeline.errors import UserError

logger = logging.getLogger(__name__)


def computed(batch: Batch, seed: int, wanted_version: str) -> list[Row]:
    """Calibrate a batch; whoever cannot be calibrated is a row with the reason.

    Raises
    ------
    UserError
        If the hillstream of this process is another one than the study's.
    """
    if version() != wanted_version:
        raise UserError(
            f"A worker has hillstream {version()}, the study {wanted_version}; install the same "
            "one everywhere."
        )
    rows = [
        row
        for case in batch.cases
        if case.problem is not None
        for row in failed(case, case.problem, 0.0, seed)
    ]
    sound = [case for case in batch.cases if case.problem is None]
    return [*rows, *_calibrated(sound, batch.config, seed)]


def _calibrated(cases: Sequence[Case], config: Config, seed: int) -> list[Row]:
    if not cases:
        return []
    logger.info("Process %d calibrates %s", os.getpid(), ",".join(case.id for case in cases))
    begun = time.monotonic()
    try:
        outcomes = calibrate_together([_member(case, config) for case in cases])
    except Exception as error:
        # Nobody is to be lost by another's bad luck, and who has the bad luck is to be told.
        logger.exception("A batch of %d calibrations failed.", len(cases))
        if len(cases) > 1:
            return [row for case in cases for row in _calibrated([case], config, seed)]
        outcomes = [UserError(f"The calibration failed ({type(error).__name__}: {error}).")]
    each = (time.monotonic() - begun) / len(cases)
    told = zip(cases, outcomes, strict=True)
    return [row for case, outcome in told for row in _rows(case, outcome, each, seed)]


def _rows(case: Case, outcome: Outcome, seconds: float, seed: int) -> list[Row]:
    if isinstance(outcome, UserError):
        return failed(case, str(outcome), seconds, seed)
    return done(case, outcome[1], seconds, seed)


def _member(case: Case, config: Config) -> Member:
    request = CalibrationRequest(case.recordings, case.kind, case.ranges, case.heldout, case.stance)
    return Member(f"{case.person} ({case.setup}, {case.draw})", config, request)
