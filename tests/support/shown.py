"""What a live view has heard, and the lines that it shows of it."""

from dataclasses import replace

from daemon.terminal.history import History
from daemon.terminal.view import render
from pipeline.output.message import (
    CalibratorReport,
    Latency,
    MomentMessage,
    Status,
    StatusMessage,
    Ticks,
)
from pipeline.streams.base import SourceState, StreamHealth

MUSCLES = tuple(f"muscle_{i}" for i in range(10))
TRUTH = {"strength": {"muscle_0": 1.5}, "optimal_fibre_length": {}, "tendon_slack_length": {}}
EMG = StreamHealth(
    key="emg",
    state=SourceState.LIVE,
    age_s=0.004,
    received=5000,
    rate_hz=1000.2,
    gaps=2,
    missing_samples=17,
    nonfinite=0,
    out_of_order=0,
    reconnects=0,
    clock_offset_s=0.0012,
    clock_uncertainty_s=0.0001,
    note="",
)


def a_status(second=0, strength=1.0, **changes):
    fields = {
        "session": "0123456789ab",
        "t": 100.0 + second,
        "status": Status.NOMINAL,
        "uptime_s": float(second),
        "ticks": Ticks(expected=100 * second, published=100 * second),
        "latency_ms": Latency(p50=1.2, p99=3.4, max=5.6),
        "streams": (EMG, replace(EMG, key="angles", rate_hz=100.0)),
        "calibrator": CalibratorReport(
            result="ok", sentence="The error fell.", version=3, loss=0.0123, seconds=0.4, age_s=0.2
        ),
        "rmse": {"hip": 9.0 - second, "knee": None},
        "parameters": {
            "strength": [strength] * len(MUSCLES),
            "optimal_fibre_length": [0.1] * len(MUSCLES),
            "tendon_slack_length": [0.2] * len(MUSCLES),
        },
        "muscles": MUSCLES,
        "reference": {"hip": [12.0], "knee": []},
    }
    return StatusMessage(**{**fields, **changes})


def a_moment(*moments):
    return MomentMessage(
        session="0123456789ab",
        seq=1,
        t=1.0,
        t_published=1.0,
        valid_until=1.1,
        status=Status.NOMINAL,
        ok=[True] * len(moments),
        moment=moments,
        parameter_version=0,
        parameter_age_s=0.0,
    )


def a_history(*statuses, truth=None):
    history = History("Walking", ("hip", "knee"), truth)
    history.moment = a_moment(-6.0, 3.0)
    for status in statuses:
        history.take(status)
    return history


def lines_of(history, width=100, height=30, now=None):
    return render(history, width, height, now).plain.split("\n")


def row(lines, name):
    return next(text for text in lines if text.startswith(name))
