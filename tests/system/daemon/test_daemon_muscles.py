"""What a running daemon tells of its muscles, and what becomes of it when the input stops."""

import numpy as np
import pytest

from daemon.session.reader import open_session
from pipeline.output.message import Status

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
PATIENCE_S = 150.0
WANTED = 100


def counts(path):
    """Return how many rows a session has of what muscles do."""
    with open_session(path) as database:
        tables = ("stiffness", "muscle", "muscle_moment")
        return [database.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables]


def test_muscles_make_up_the_moment_and_stiffness_fades_with_it(walking, lab, running, wait_until):
    config = walking("zmq")
    output = config.output.model_copy(update={"muscles_hz": 50.0})
    config = config.model_copy(update={"output": output})
    streams, daemon = lab(config), running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    wait_until(lambda: len(daemon.muscles) > WANTED, PATIENCE_S)

    def is_steady() -> bool:
        last = daemon.moments[-WANTED:]
        lasted = last[-1].t_published - last[0].t_published
        return {m.status for m in last} == {"NOMINAL"} and lasted > 3 * output.fade_out_s

    wait_until(is_steady, PATIENCE_S)
    streams.silent.add("emg")
    wait_until(
        lambda: daemon.status() == "STALE" and not any(daemon.moments[-1].moment), PATIENCE_S
    )
    quiet = len(daemon.moments)
    wait_until(lambda: len(daemon.moments) > quiet + 10, PATIENCE_S)
    assert daemon.moments[-1].stiffness == (0.0,) * len(config.model.dofs)
    daemon.end()

    seqs = [message.seq for message in daemon.muscles]
    assert np.median(np.diff(seqs)) == 2  # every other one of 100 Hz
    fade = round(2 * config.output.fade_out_s * config.model.rate_hz)
    moments = {message.seq: message for message in daemon.moments}
    nominal = {seq for seq, moment in moments.items() if moment.status is Status.NOMINAL}
    whole = [
        message
        for message in daemon.muscles
        if nominal.issuperset(range(message.seq - fade, message.seq + 1))
    ]
    assert len(whole) > WANTED // 4
    for message in whole:
        moment = moments[message.seq]
        shared = ("t", "t_published", "status", "ok", "parameter_version")
        assert all(getattr(message, name) == getattr(moment, name) for name in shared)
        assert max(map(abs, moment.stiffness)) > 1.0
        np.testing.assert_allclose(np.sum(message.moment, axis=1), moment.moment, rtol=1e-9)
    assert min(counts(config.session.file)) > 10
