"""What `hillstream ctl status` shows of a daemon's answer."""

from rich.console import Console

from daemon.commands.live.ctl import _compared, _facts
from daemon.control.client import refusal
from daemon.ipc.requests import Reply
from pipeline.output.message import OutputCounts, Status, StatusMessage


def shown(output=None, refused_operators=0, **changes):
    status = StatusMessage(
        session="s",
        t=1.0,
        uptime_s=3.0,
        output=output or OutputCounts(),
        **{"status": Status.NOMINAL, **changes},
    )
    told = {
        "status": status.model_dump(mode="json"),
        "age_s": 0.1,
        "version": 0,
        "versions_known": "0",
        "calibrates": False,
        "recording": None,
        "mvc": {},
        "baseline": "none",
        "refused_operators": refused_operators,
    }
    return dict(_facts(told))


def test_what_went_wrong_on_the_ways_out_is_shown():
    facts = shown(OutputCounts(lost_datagrams=3, lost_ros2_messages=4, refused_listeners=12), 2)
    assert facts["udp"] == "3 datagrams not sent"
    assert facts["ROS 2"] == "4 messages not sent"
    assert facts["listeners"].startswith("12 attempts")
    assert facts["operators"].startswith("2 attempts")


def test_where_nothing_went_wrong_nothing_is_said_of_it():
    assert not shown().keys() & {"udp", "listeners", "operators"}


def test_a_doubt_is_shown_once():
    told = shown(status=Status.CALIBRATING, note="Why not.", doubt="Why not.")
    assert told["state"] == "CALIBRATING: Why not."
    assert "trust" not in told
    assert shown(status=Status.STALE, note="No EMG.", doubt="Why not.")["trust"] == "Why not."
    assert "trust" not in shown()


def test_what_a_rollback_would_change_is_a_table():
    told = {
        "version": 3,
        "newest": 9,
        "parameters": {"strength": {"soleus": [1.0, 1.25], "tib_ant": [0.8, 0.8]}},
        "bones": {"ulna:mass": [1.1, 1.0]},
        "delay_s": [0.05, None],
    }
    console = Console(width=100)
    with console.capture() as capture:
        console.print(_compared(told))
    lines = [line.split() for line in capture.get().splitlines()]
    assert lines == [
        ["parameter", "of", "now", "version", "3", "change"],
        ["strength", "soleus", "1", "1.25", "+25.0%"],
        ["strength", "tib_ant", "0.8", "0.8", "="],
        ["bone", "ulna:mass", "1.1", "1", "-9.1%"],
        ["electromechanical", "delay,", "s", "all", "0.05", "not", "found"],
    ]


def test_an_mvc_that_is_to_be_confirmed_says_how():
    weak = Reply(ok=False, sentence="Weak.", data={"fallen": ["soleus_r"]})
    assert "Weak. If that is meant" in refusal(weak)
    assert "'hillstream ctl mvc stop --yes'" in refusal(weak)
    assert refusal(Reply(ok=False, sentence="Not so.")) == "Not so."
