"""Daemons that come to a calibrator."""

from collections.abc import Callable

import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.calibration.shape import shape_of
from daemon.calibration.wire import PROTOCOL, Join, packed_person


@pytest.fixture
def join(make_config) -> Callable[..., Join]:
    """Make what a daemon of a name says when it comes."""
    config = make_config()
    person = starting_subject(config, model_in_use(config))

    def make(name: str, number: int = 1) -> Join:
        return Join(
            protocol=PROTOCOL,
            hillstream="1",
            name=name,
            session=f"{number:032x}",
            shape=shape_of(config),
            version=0,
            person=packed_person(person),
            bones={},
            stranger=True,
        )

    return make
