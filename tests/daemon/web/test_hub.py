"""The hub on packed messages, as a daemon sends them."""

import numpy as np
import pytest

from daemon.web.frames import decode
from daemon.web.history import FINEST_S
from daemon.web.hub import Hub
from daemon.web.protocol import View
from daemon.web.views import Seen, Views
from pipeline.output.message import (
    CalibratorReport,
    MetaMessage,
    MomentMessage,
    MusclesMessage,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    Status,
    StatusMessage,
)
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamHealth

JOINTS, CHANNELS, MUSCLES = ("knee", "ankle"), ("SOL", "TA"), ("soleus", "tibialis", "vastus")
VIEW = View(type="view", bucket_s=FINEST_S, seconds=1.0)
VALUES = {"strength": (1.0, 1.1, 1.2)}


@pytest.fixture
def hub() -> Hub:
    return Hub("ipc://nowhere")


def meta(session="one", joints=JOINTS):
    return MetaMessage(
        session=session,
        dofs=joints,
        rate_hz=100.0,
        title="A test",
        muscles=MUSCLES,
        channels=CHANNELS,
        valid_for_s=0.1,
    )


def moment(t, values=(1.0, 2.0), session="one", seq=0, **more):
    return MomentMessage(
        session=session,
        seq=seq,
        t=t - 0.008,
        t_published=t,
        valid_until=t + 0.1,
        status=Status.NOMINAL,
        ok=(True,) * len(values),
        moment=values,
        parameter_version=3,
        parameter_age_s=1.0,
        **more,
    )


def signals(t, low=(0.1, 0.2), high=(0.3, 0.4), excitation=(0.5, 0.6, 0.7)):
    level = high
    return SignalsMessage(
        session="one", t=t, t_published=t, low=low, high=high, level=level, excitation=excitation
    )


def status(t, session="one", reference_state="LIVE", **more):
    health = StreamHealth(
        "moments", SourceState(reference_state), 0.0, 1, 100.0, *[0] * 5, 0.0, None, ""
    )
    more = {"status": Status.NOMINAL, "streams": (health,), "muscles": MUSCLES, **more}
    return StatusMessage(session=session, t=t, uptime_s=1.0, **more)


def tell(hub, *messages):
    for message in messages:
        hub.hear(message.pack())
    hub.settle(clock.now())


def curves(hub, view=VIEW, seen=None):
    frame, seen = Views(hub).curves(view, seen or Seen())
    if frame is None:
        return None, None, seen
    header, arrays = decode(frame)
    names = hub.board["meta"].header["series"]
    low = dict(zip(names, arrays["low"], strict=True))
    high = dict(zip(names, arrays["high"], strict=True))
    return header, (low, high), seen


def test_numbers_are_those_of_the_newest_messages(hub):
    tell(hub, meta(), moment(100.0, sd=(0.1, 0.2), stiffness=(5.0, 6.0), synthesised=(1,)))
    tell(hub, signals(100.01), moment(100.01, (3.0, 4.0), seq=1))
    now = hub.board["now"].header
    assert now["t"] == 100.01
    assert now["moment"] == {"knee": 3.0, "ankle": 4.0}
    assert now["deviation"] == {}
    assert now["level"] == {"SOL": 0.3, "TA": 0.4}
    assert now["excitation"] == {"soleus": 0.5, "tibialis": 0.6, "vastus": 0.7}
    assert now["parameter_version"] == 3


def test_curves_have_the_smallest_and_largest_of_each_bucket(hub):
    tell(hub, meta(), *(moment(100.0 + t, (v, -v)) for t, v in ((0, 1), (0.005, 9), (0.021, 4))))
    header, (low, high), _ = curves(hub)
    assert header["whole"]
    assert header["first"] + header["count"] - 1 == int(100.021 / FINEST_S)
    assert low["predicted/knee"][-2:].tolist() == [1.0, 4.0]
    assert high["predicted/knee"][-2:].tolist() == [9.0, 4.0]
    assert low["predicted/ankle"][-2:].tolist() == [-9.0, -4.0]
    assert np.isnan(low["deviation/knee"]).all()


def test_levels_hold_since_the_signals_before(hub):
    tell(hub, meta(), signals(100.01), signals(100.11, high=(0.8, 0.9)))
    _, (low, high), _ = curves(hub)
    assert high["level/SOL"][-6:] == pytest.approx([0.3, 0.8, 0.8, 0.8, 0.8, 0.8])
    assert low["level/SOL"][-6:] == pytest.approx([0.1] * 6)


def test_levels_after_a_pause_do_not_reach_back(hub):
    tell(hub, meta(), signals(100.0), signals(103.0))
    _, (low, _), _ = curves(hub)
    assert np.isnan(low["level/SOL"][:-1]).all()


def test_a_browser_gets_what_is_new_to_it(hub):
    tell(hub, meta(), moment(100.0))
    _, _, seen = curves(hub)
    assert curves(hub, seen=seen)[0] is None
    tell(hub, moment(100.05, (7.0, 8.0)))
    header, (low, _), _ = curves(hub, seen=seen)
    assert not header["whole"]
    assert header["count"] <= 3
    assert low["predicted/knee"][-1] == 7.0


def test_a_view_of_the_past_stays_where_it_is(hub):
    tell(hub, meta(), *(moment(100.0 + k, (k, k)) for k in range(5)))
    past = View(type="view", bucket_s=FINEST_S, seconds=1.0, end=102.5)
    header, (low, _), seen = curves(hub, past)
    assert header["first"] + header["count"] - 1 == int(102.5 / FINEST_S)
    assert np.nanmax(low["predicted/knee"]) == 2.0
    tell(hub, moment(105.0))
    assert curves(hub, past, seen)[0] is None


def test_the_same_view_is_worked_out_once(hub):
    tell(hub, meta(), moment(100.0))
    views = Views(hub)
    first, _ = views.curves(VIEW, Seen())
    again, _ = views.curves(VIEW.model_copy(), Seen())
    assert first is again


def test_forces_are_shown_once_they_are_published(hub):
    tell(hub, meta(), moment(100.0))
    assert "force/soleus" not in hub.board["meta"].header["series"]
    number = hub.board["meta"].number
    zeros = (0.0, 0.0, 0.0)
    of = moment(100.0).model_dump(include={"session", "seq", "t", "t_published", "valid_until"})
    quantities = ("excitation", "activation", "active_force", "passive_force", "fibre_length")
    more = dict.fromkeys((*quantities, "fibre_velocity", "tendon_strain"), zeros)
    told = MusclesMessage(
        **of,
        **more,
        status=Status.NOMINAL,
        ok=(True, True),
        parameter_version=1,
        force=(10.0, 20.0, 30.0),
        moment=(zeros, zeros),
    )
    tell(hub, told)
    assert hub.board["meta"].number > number
    _, (low, _), _ = curves(hub)
    assert low["force/vastus"][-1] == 30.0
    assert hub.board["now"].header["force"]["soleus"] == 10.0


def test_the_same_joints_go_on_after_a_new_session_with_a_gap(hub):
    tell(hub, meta(), moment(100.0, (1.0, 1.0)))
    tell(hub, meta("two"), moment(100.5, (2.0, 2.0), session="two"))
    _, (low, _), _ = curves(hub)
    known = low["predicted/knee"][~np.isnan(low["predicted/knee"])]
    assert known.tolist() == [1.0, 2.0]
    assert hub.board["meta"].header["session"] == "two"


def test_other_joints_begin_a_new_history(hub):
    tell(hub, meta(), moment(100.0))
    _, _, seen = curves(hub)
    tell(hub, meta("two", ("hip",)), moment(100.5, (2.0,), session="two"))
    header, (low, _), _ = curves(hub, seen=seen)
    assert header["whole"]
    known = low["predicted/hip"][~np.isnan(low["predicted/hip"])]
    assert known.tolist() == [2.0]


def test_a_clock_that_began_anew_begins_a_new_history(hub):
    tell(hub, meta(), moment(5000.0))
    tell(hub, meta("two"), moment(3.0, session="two"))
    header, _, _ = curves(hub)
    assert header["first"] + header["count"] - 1 == int(3.0 / FINEST_S)


def test_what_belongs_to_no_known_session_is_left(hub):
    tell(hub, moment(100.0))
    assert "now" not in hub.board
    tell(hub, meta(), moment(100.0, session="other"))
    assert hub.board["now"].header["t"] is None


def test_moments_of_another_number_of_joints_are_left(hub):
    tell(hub, meta(), moment(100.0, (1.0,)))
    assert curves(hub)[0] is None


def test_garbage_is_left(hub):
    hub.hear(b"moment \x81")
    hub.hear(b"")
    tell(hub, meta(), moment(100.0))
    assert hub.board["now"].header["t"] == 100.0


def reference(*rows):
    """Return a message of rows: time, reference per joint, prediction per joint."""
    t, told, predicted = zip(*rows, strict=True)
    return ReferenceMessage(
        session="one", t=t, t_published=t[-1] + 0.05, reference=told, predicted=predicted
    )


def test_the_reference_comes_with_the_error_of_what_was_predicted_for_its_time(hub):
    tell(hub, meta(), moment(100.0, (9.0, 9.0)))
    tell(hub, reference((99.7, (4.0, None), (5.0, 6.0)), (99.8, (3.0, None), (5.0, None))))
    now = hub.board["now"].header
    assert now["reference"] == {"knee": 3.0}
    assert now["error"] == {"knee": 2.0}
    _, (low, high), _ = curves(hub)
    assert (np.nanmin(low["error/knee"]), np.nanmax(high["error/knee"])) == (1.0, 2.0)
    assert np.isnan(low["reference/ankle"]).all()


def test_references_of_another_number_of_joints_are_left(hub):
    tell(hub, meta(), moment(100.0), reference((99.9, (1.0,), (1.0,))))
    assert hub.board["now"].header["reference"] == {}


def test_a_reference_that_has_stopped_is_not_shown(hub):
    tell(hub, meta(), moment(100.0), reference((99.9, (4.0, 5.0), (4.0, 5.0))))
    tell(hub, status(100.0, reference_state="STALE"))
    assert hub.board["now"].header["reference"] == {}
    assert hub.board["now"].header["error"] == {}


def test_the_status_goes_on_as_it_is(hub):
    told = status(100.0, note="All is well.", doubt="None.")
    tell(hub, meta(), told)
    header = dict(hub.board["status"].header)
    assert header.pop("type") == "status"
    assert header == told.model_dump(mode="json")


def report(count, version=0):
    return CalibratorReport(result="ok", version=version, age_s=2.0, count=count, error_after=0.3)


def test_each_update_is_told_once(hub):
    tell(hub, meta(), status(100.0, calibrator=report(1)), status(101.0, calibrator=report(1)))
    views = Views(hub)
    header, _ = decode(views.updates(None))
    assert header["whole"]
    assert [(one["count"], one["t"]) for one in header["updates"]] == [(1, 98.0)]
    assert views.updates(hub.updates_seen) is None
    seen = hub.updates_seen
    tell(hub, status(102.0, calibrator=report(2)))
    header, _ = decode(views.updates(seen))
    assert [one["count"] for one in header["updates"]] == [2]
    assert not header["whole"]


def test_parameters_are_told_with_what_the_session_started_from(hub):
    tell(hub, meta(), status(100.0, parameters=VALUES, calibrator=report(1)))
    newer = ParametersMessage(
        session="one", version=1, t=101.0, values={"strength": (2.0, 2.0, 2.0)}, muscles=MUSCLES
    )
    tell(hub, newer)
    tell(hub, status(101.5, parameters=VALUES, calibrator=report(1)))  # of before the adoption
    header = hub.board["parameters"].header
    assert header["version"] == 1
    assert header["values"] == {"strength": [2.0, 2.0, 2.0]}
    assert header["start"] == {"strength": [1.0, 1.1, 1.2]}
    hub.start_from("one", {"strength": [0.5, 0.5, 0.5]})
    assert hub.board["parameters"].header["start"] == {"strength": [0.5, 0.5, 0.5]}


def test_silence_and_return_are_told(hub):
    tell(hub, meta(), moment(100.0))
    assert hub.board["link"].header["state"] == "live"
    later = clock.now()
    hub.settle(later + 1.2)
    assert hub.board["link"].header["state"] == "silent"
    hub.settle(later + 6.0)
    assert hub.board["link"].header["state"] == "lost"
    tell(hub, meta("two"))
    assert hub.board["link"].header["state"] == "live"


def test_nobody_heard_yet_is_told_with_the_address(hub):
    hub.settle(clock.now())
    link = hub.board["link"].header
    assert link["state"] == "lost"
    assert "ipc://nowhere" in link["sentence"]


def test_the_end_of_a_daemon_is_told_at_once(hub):
    tell(hub, meta(), status(100.0, status=Status.STOPPED))
    assert hub.board["link"].header["state"] == "lost"
    assert "ended" in hub.board["link"].header["sentence"]


def test_latency_is_that_of_the_moments(hub):
    tell(hub, meta(), *(moment(100.0 + k / 100) for k in range(100)))
    hub.settle(clock.now() + 1.5)
    told = hub.board["latency"].header
    assert told["p50"] == pytest.approx(8.0)
    assert sum(told["counts"]) == 100
    assert len(told["edges_ms"]) == len(told["counts"]) + 1


def test_a_turn_takes_what_has_come_since():
    coming = [[meta().pack(), moment(100.0).pack()], [moment(100.5).pack()]]
    hub = Hub("ipc://nowhere", lambda: coming.pop(0))
    hub.turn()
    assert hub.board["now"].header["t"] == 100.0
    hub.turn()
    assert hub.board["now"].header["t"] == 100.5
