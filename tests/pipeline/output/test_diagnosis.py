import pytest

from pipeline.output.diagnosis import Level, diagnose
from pipeline.output.message import Latency, MomentMessage, Status, StatusMessage
from pipeline.streams.base import SourceState, StreamHealth


def moment(status=Status.NOMINAL, ok=(True,)):
    return MomentMessage(
        session="s", seq=0, t=1.0, t_published=1.0, valid_until=1.1, status=status, ok=ok,
        moment=(2.0,), parameter_version=7, parameter_age_s=0.0,
    )  # fmt: skip


def report(status=Status.NOMINAL, **changes):
    return StatusMessage(session="s", t=1.0, status=status, uptime_s=3.0, **changes)


def health(key, state):
    return StreamHealth(key, state, None, 5, None, 0, 0, 0, 0, 0, 0.0, None, "")


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_level_and_only_nominal_is_ok(status):
    (found,) = diagnose(("knee",), moment(status), None)
    assert (found.level is Level.OK) == (status is Status.NOMINAL)
    assert found.message == status.sentence


def test_the_note_is_told_as_long_as_it_is_of_the_newest_status():
    said = report(Status.DEGRADED, note="An electrode is off.")
    assert diagnose(("knee",), moment(Status.DEGRADED), said)[0].message == "An electrode is off."
    assert diagnose(("knee",), moment(Status.STALE), said)[0].message == Status.STALE.sentence
    assert diagnose(("knee",), None, said)[0].message == "An electrode is off."
    assert diagnose(("knee",), None, None) == []


def test_what_is_unknown_is_empty_and_never_nan():
    values = dict(diagnose(("knee",), moment(ok=(False,)), report())[0].values)
    assert (values["ok knee"], values["latency p99 ms"]) == ("False", "")
    assert values["parameter version"] == "7"
    timed = report(latency_ms=Latency(p99=1.234))
    assert dict(diagnose(("knee",), moment(), timed)[0].values)["latency p99 ms"] == "1.23"


@pytest.mark.parametrize(
    ("key", "state", "level"),
    [
        ("emg", SourceState.LIVE, Level.OK),
        ("angles", SourceState.STALE, Level.ERROR),
        ("moments", SourceState.STALE, Level.WARN),
        ("external", SourceState.RESOLVING, Level.WARN),
    ],
)
def test_a_stream_that_moments_need_is_worse_to_lose_than_a_reference(key, state, level):
    found = diagnose(("knee",), None, report(streams=(health(key, state),)))[1]
    assert (found.level, found.name) == (level, f"hillstream: {key}")
    assert found.message == f"The {key} stream is {state}."
    assert dict(found.values)["age s"] == ""
