"""Calibrators elsewhere, on this machine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from calibration_office import Office, Serving, Turned

from daemon.calibration.server import CalibratorServer
from daemon.config import Config
from pipeline.transport.curve import ServerKeys


@pytest.fixture
def serving() -> Iterator[Callable[..., Serving]]:
    """Start a calibrator elsewhere; it is ended at the end of the test at the latest."""
    with ExitStack() as stack:

        def start(
            config: Config,
            address: str,
            keys: ServerKeys | None = None,
            most: int = 16,
            processes: int = 1,
        ) -> Serving:
            one = Serving(CalibratorServer(config, address, keys, most, processes))
            stack.callback(one.close)
            return one

        yield start


@pytest.fixture
def office() -> Iterator[Callable[..., Office]]:
    """Open an office."""
    with ExitStack() as stack:

        def open_(config: Config, address: str, make: Callable[..., Turned]) -> Office:
            one = Office(config, address, make)
            stack.callback(one.close)
            return one

        yield open_


@pytest.fixture
def at(make_config) -> Callable[..., Config]:
    """Make a set-up whose calibrator is at an address, or here."""

    def make(where: str = "here", **more: object) -> Config:
        section = {"where": where, "window_s": 4, "min_data_s": 2, "steps": 3, **more}
        return make_config(calibrator=section)

    return make
