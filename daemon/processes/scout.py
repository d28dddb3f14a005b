"""The process that looks for the LSL streams while the predictor is still being made ready.

To find a stream, to be sure that it is the only one and to measure its sender's clock takes a
second, in which next to nothing is computed. What is found is left for the predictor.
"""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, closing
from pathlib import Path

from daemon.assembly.streams import build_source, memory_of, stream_specs
from daemon.config import Config
from daemon.processes.signs import Stop

PATIENCE_S = 5.0
"""A stream that is not found by then is looked for by the predictor alone, s."""
_TURN_S = 0.01


def main(config: Config, folder: Path, stop: Stop) -> None:
    """Look for the streams until all are found, or told to stop.

    Parameters
    ----------
    config
        The set-up.
    folder
        Where is remembered which outlets the streams were taken from.
    stop
        Tells when to end.
    """
    logging.disable()  # the predictor finds the same, and tells of it
    deadline = time.monotonic() + PATIENCE_S
    with ExitStack() as stack:
        sought = []
        for spec in stream_specs(config):
            stream = getattr(config.streams, spec.key)
            if stream.transport == "lsl":
                source = stack.enter_context(closing(build_source(spec, stream, config, folder)))
                source.open()
                sought.append(memory_of(spec.key, folder))
        while not all(file.exists() for file in sought):
            if stop.requested() or time.monotonic() > deadline:
                break
            time.sleep(_TURN_S)
