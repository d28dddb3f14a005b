import logging
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from pipeline.output.lsl import STIFFNESS, LslPublisher
from pipeline.output.message import MetaMessage, ParametersMessage, Status, StatusMessage
from pipeline.output.publisher import Publisher
from pipeline.streams.own import is_own

PARAMETERS = ("optimal_fibre_length", "strength")


@pytest.fixture
def lsl_publisher(meta: MetaMessage, unique_name: str) -> Iterator[LslPublisher]:
    publisher = LslPublisher(unique_name, meta.dofs, meta.muscles, PARAMETERS, meta.rate_hz)
    yield publisher
    publisher.close()


@pytest.fixture
def with_muscles(meta: MetaMessage, unique_name: str) -> Iterator[LslPublisher]:
    lsl = LslPublisher(unique_name, meta.dofs, meta.muscles, PARAMETERS, meta.rate_hz, 50.0)
    yield lsl
    lsl.close()


@pytest.fixture
def publisher(meta: MetaMessage, lsl_publisher: LslPublisher) -> Publisher:
    return Publisher(meta, [lsl_publisher])


class Inlet:
    """A real inlet, open for as long as the with block lasts."""

    def __init__(self, name: str, wait_until_heard: Callable[[], None]) -> None:
        import pylsl

        (info,) = pylsl.resolve_byprop("name", name, timeout=15.0)
        self.inlet = pylsl.StreamInlet(info, recover=False)
        self._wait_until_heard = wait_until_heard

    def __enter__(self) -> "Inlet":
        self.info = self.inlet.info(timeout=15.0)
        self.inlet.open_stream(timeout=15.0)
        self._wait_until_heard()  # liblsl takes a newcomer in after it has greeted it
        return self

    def __exit__(self, *_: object) -> None:
        self.inlet.close_stream()
        del self.inlet

    def pull(self) -> tuple[list, float]:
        sample, t = self.inlet.pull_sample(timeout=15.0)
        return sample, t

    def channels(self) -> list[tuple[str, str]]:
        channel = self.info.desc().child("channels").child("channel")
        found = []
        while not channel.empty():
            found.append((channel.child_value("label"), channel.child_value("unit")))
            channel = channel.next_sibling("channel")
        return found


@pytest.fixture
def opened(unique_name: str, wait_until: Callable[..., None]) -> Callable[..., Inlet]:
    """Return an inlet of one of a publisher's streams, which nothing sent from then on misses."""

    def of(lsl: LslPublisher, topic: str, name: str) -> Inlet:
        return Inlet(
            f"{unique_name}-{name}", lambda: wait_until(lsl._outlets[topic].have_consumers)
        )

    return of


def test_moments_come_with_names_units_and_the_time_of_publication(
    publisher: Publisher,
    lsl_publisher: LslPublisher,
    opened: Callable[..., Inlet],
    unique_name: str,
) -> None:
    with opened(lsl_publisher, "moment", "predicted-moments") as inlet:
        assert (inlet.info.type(), inlet.info.nominal_srate()) == ("JointMoment", 100.0)
        assert inlet.info.source_id().endswith(f"/{unique_name}-predicted-moments")
        assert is_own("renamed by a recorder", inlet.info.source_id())
        assert inlet.channels() == [("knee", "N*m"), ("ankle", "N*m")]
        moment = np.array([1.5, -2.5])
        sent = publisher.publish_moment(moment, moment > 0, Status.NOMINAL, 1.0)
        assert inlet.pull() == ([1.5, -2.5], sent.t_published)


def test_what_muscles_do_comes_by_quantity_and_muscle_and_as_shares_of_the_moments(
    with_muscles: LslPublisher, meta: MetaMessage, opened: Callable[..., Inlet]
) -> None:
    with opened(with_muscles, "muscles", "muscles") as inlet:
        assert (inlet.info.type(), inlet.info.nominal_srate()) == ("MuscleState", 50.0)
        assert is_own("renamed by a recorder", inlet.info.source_id())
        channels = inlet.channels()
        assert channels[:2] == [("excitation.soleus", "1"), ("excitation.vastus", "1")]
        assert ("active_force.vastus", "N") in channels
        assert channels[-4:] == [
            ("moment.knee.soleus", "N*m"),
            ("moment.knee.vastus", "N*m"),
            ("moment.ankle.soleus", "N*m"),
            ("moment.ankle.vastus", "N*m"),
        ]
        publisher = Publisher(meta, [with_muscles])
        states = np.arange(20.0).reshape(10, 2)
        moment = np.array([1.5, -2.5])
        sent = publisher.publish_moment(moment, moment > 0, Status.NOMINAL, 1.0)
        publisher.publish_muscles(states, sent)
        assert inlet.pull() == (states.ravel().tolist(), sent.t_published)


def test_stiffness_comes_with_the_muscles(
    with_muscles: LslPublisher, meta: MetaMessage, opened: Callable[..., Inlet]
) -> None:
    with opened(with_muscles, STIFFNESS, STIFFNESS) as inlet:
        assert (inlet.info.type(), inlet.info.nominal_srate()) == ("JointStiffness", 100.0)
        assert inlet.channels() == [("knee", "N*m/rad"), ("ankle", "N*m/rad")]
        moment, stiffness = np.array([1.5, -2.5]), np.array([20.0, -8.0])
        publisher = Publisher(meta, [with_muscles])
        publisher.publish_moment(moment, moment > 0, Status.NOMINAL, 1.0)  # not known
        sent = publisher.publish_moment(
            moment, moment > 0, Status.NOMINAL, 1.0, stiffness=stiffness
        )
        assert inlet.pull() == ([20.0, -8.0], sent.t_published)


def test_parameters_come_by_parameter_and_muscle(
    publisher: Publisher, lsl_publisher: LslPublisher, opened: Callable[..., Inlet]
) -> None:
    with opened(lsl_publisher, "parameters", "parameters") as inlet:
        assert inlet.info.nominal_srate() == 0.0
        assert inlet.channels() == [
            ("optimal_fibre_length.soleus", "m"),
            ("optimal_fibre_length.vastus", "m"),
            ("strength.soleus", "1"),
            ("strength.vastus", "1"),
        ]
        values = {"strength": [1.0, 2.0], "optimal_fibre_length": [0.25, 0.5]}
        publisher.publish_parameters(
            ParametersMessage(
                session="first", version=1, t=7.0, values=values, muscles=("soleus", "vastus")
            )
        )
        assert inlet.pull() == ([0.25, 0.5, 1.0, 2.0], 7.0)


def test_status_comes_as_markers(
    publisher: Publisher, lsl_publisher: LslPublisher, opened: Callable[..., Inlet]
) -> None:
    with opened(lsl_publisher, "status", "status") as inlet:
        assert inlet.info.type() == "Markers"
        publisher.publish_status(
            StatusMessage(session="first", t=7.0, status=Status.STALE, note="µV lost", uptime_s=1.0)
        )
        assert inlet.pull() == (["STALE", "µV lost"], 7.0)


def test_closing_says_stopped_and_can_be_done_twice(
    publisher: Publisher, lsl_publisher: LslPublisher
) -> None:
    publisher.close()
    publisher.close()
    lsl_publisher.close()


def test_without_liblsl_it_warns_once_and_the_rest_goes_on(
    meta: MetaMessage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pylsl", None)
    with caplog.at_level(logging.WARNING):
        lsl = LslPublisher("unused", meta.dofs, meta.muscles, PARAMETERS, meta.rate_hz)
        publisher = Publisher(meta, [lsl])
        publisher.publish_moment(np.zeros(2), np.ones(2) > 0, Status.NOMINAL, 1.0)
        publisher.close()
    told = [one.levelname for one in caplog.records if one.name == "pipeline.output.lsl"]
    assert told == ["WARNING"]
    assert "Nothing is published over LSL" in caplog.text
