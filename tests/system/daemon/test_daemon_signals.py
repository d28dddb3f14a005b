"""What a running daemon tells of its EMG, and of how well it knows the parameters."""

import os
from itertools import pairwise

import numpy as np
import psutil
import pytest

from daemon.control.client import ask
from daemon.host.machine import family
from daemon.ipc.requests import Command, Reply, Request
from daemon.session.reader import open_session

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
PATIENCE_S = 150.0
# A busy machine may stall the test's own sender; only the daemon's part is judged here.
PATIENT = {r"\[streams.emg\]": "[streams]\nstale_after_s = 2.0\n\n[streams.emg]"}


def asked(config, command: str, **more: object) -> Reply:
    request = Request(command=Command(command), by="Ann", **more)
    return ask(config.control.address, request, PATIENCE_S)


@pytest.fixture
def sent(lab):
    """Put a lab on the network and write down what it sends on a stream: times and rows."""

    def make(config, key="emg"):
        rows: list[tuple[float, np.ndarray]] = []

        def note(t: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            rows.append((float(t[0]), x[0].copy()))
            return t, x

        streams = lab(config)
        streams.spoil[key] = note
        return streams, rows

    return make


def test_levels_are_those_that_went_in_and_come_without_angles_too(
    walking, sent, running, wait_until
):
    untouched = {'kind = "envelope"': 'kind = "envelope"\nbaseline = "none"'}
    config = walking("zmq", **PATIENT, **untouched)
    streams, rows = sent(config)
    daemon = running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    heard = len(daemon.signals)
    wait_until(lambda: len(daemon.signals) > heard + 20, PATIENCE_S)
    streams.silent.add("angles")
    wait_until(lambda: daemon.status() == "STALE", PATIENCE_S)
    quiet = len(daemon.signals)
    wait_until(lambda: len(daemon.signals) > quiet + 5, PATIENCE_S)
    daemon.end()

    assert daemon.meta is not None
    assert list(daemon.meta.channels) == config.streams.emg.channels  # each drives a muscle
    told = daemon.signals[heard:]
    t = np.array([at for at, _ in rows])
    x = np.array([row for _, row in rows])
    for before, message in pairwise(told):
        since = x[(t > before.t + 1e-6) & (t < message.t + 1e-6)]
        np.testing.assert_allclose(message.low, since.min(axis=0))
        np.testing.assert_allclose(message.high, since.max(axis=0))
        np.testing.assert_allclose(message.level, since[-1])
        assert message.t_published > message.t
    assert np.median(np.diff([message.t for message in told])) == pytest.approx(0.1, abs=0.02)
    driven = told[10].excitation
    assert len(driven) == len(daemon.statuses[0].muscles)
    assert max(driven) > 0.1
    assert daemon.signals[-1].excitation == ()


def test_references_are_those_that_went_in_beside_what_was_predicted(
    walking, sent, running, wait_until
):
    _, rows = sent(config := walking("zmq", **PATIENT), "moments")
    daemon = running(config)
    wait_until(lambda: len(daemon.references) > 40, PATIENCE_S)
    daemon.end()

    t = np.concatenate([message.t for message in daemon.references])
    told = np.concatenate([message.reference for message in daemon.references])
    predicted = np.concatenate([message.predicted for message in daemon.references])
    assert (np.diff(t) > 0).all()
    at, went_in = np.array([time for time, _ in rows]), np.array([row for _, row in rows])
    for joint in range(told.shape[1]):
        expected = np.interp(t, at, went_in[:, joint])
        np.testing.assert_allclose(told[:, joint].astype(float), expected, atol=0.3)
    newest = np.array([message.t or np.nan for message in daemon.moments])
    moments = np.array([message.moment for message in daemon.moments])
    fresh = ("NOMINAL", "CALIBRATING", "DEGRADED")
    whole = np.array([message.status in fresh for message in daemon.moments])
    for joint in range(told.shape[1]):  # a moment that does not fade is what was predicted
        published = np.interp(t, newest[whole], moments[whole, joint])
        off = np.abs(published - predicted[:, joint].astype(float))
        assert np.median(off) < 0.05 * np.ptp(moments[whole, joint])


def test_what_is_known_of_the_parameters_comes_back_with_them_and_outlives_the_predictor(
    walking, lab, running, wait_until
):
    config = walking("zmq", **PATIENT)
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.calibrated(lambda report: report.version > 0), PATIENCE_S)
    assert daemon.statuses[0].deviation == {}
    assert asked(config, "pause").ok
    wait_until(lambda: daemon.calibrated(lambda report: report.result == "paused"), PATIENCE_S)
    compared = asked(config, "compare", version=1).data
    newest = compared["newest"]
    wait_until(lambda: {1, newest} <= {m.version for m in daemon.parameters}, PATIENCE_S)
    told = {message.version: message for message in daemon.parameters}
    known = told[1]
    assert set(known.deviation) == set(known.identifiability) == set(known.values)

    strength = compared["parameters"]["strength"]
    assert [then for _, then in strength.values()] == list(known.values["strength"])
    assert [now for now, _ in strength.values()] == list(told[newest].values["strength"])
    assert "known are 0.." in asked(config, "compare", version=9999).sentence
    assert "ready envelopes" in asked(config, "samples", channels=["soleus_r"]).sentence

    assert asked(config, "rollback", version=1).ok
    wait_until(lambda: daemon.told(lambda s: s.calibrator.version == newest + 1), PATIENCE_S)
    back = daemon.statuses[-1]
    assert back.identifiability == known.identifiability
    for name, values in known.deviation.items():
        assert back.deviation[name] == pytest.approx(values, rel=1e-6)

    counted = back.calibrator.count
    worker = psutil.Process(family(os.getpid())["predictor"])
    worker.kill()
    worker.wait(PATIENCE_S)
    wait_until(lambda: daemon.told(lambda s: s.session != back.session), PATIENCE_S)
    again = next(s for s in daemon.statuses if s.session != back.session)
    assert again.calibrator is not None
    assert counted <= again.calibrator.count < counted + 60
    assert (again.deviation, again.parameters) == (back.deviation, back.parameters)

    log = asked(config, "status").data["log"]
    assert [(one["command"], one["argument"], one["by"]) for one in log] == [
        ("pause", None, "Ann"),
        ("rollback", "1", "Ann"),
    ]
    daemon.end()
    with open_session(config.session.file) as database:
        read = database.execute('SELECT command, argument, "by" FROM command').fetchall()
    assert read == [("pause", None, "Ann"), ("rollback", "1", "Ann")]


def test_samples_are_the_raw_emg_that_was_sent(walking, sent, running, wait_until):
    raw = {'kind = "envelope"': 'kind = "raw"\nband_hz = [5, 40]\nlowpass_hz = 4'}
    config = walking("zmq", **raw)
    _, rows = sent(config)
    daemon = running(config)
    replies: list[Reply] = []

    def whole() -> bool:
        replies.append(asked(config, "samples", channels=["tib_ant_r"]))
        return len(replies[-1].data.get("x", ())) == 200

    wait_until(whole, PATIENCE_S)
    told = replies[-1].data
    assert (told["channel"], told["unit"], told["rate_hz"]) == ("tib_ant_r", "V", 100.0)
    sent_x = [row[3] for _, row in rows]
    assert any(told["x"] == sent_x[i : i + 200] for i in range(len(sent_x)))
    refused = asked(config, "samples", channels=["nobody"])
    assert not refused.ok
    assert "no channel 'nobody'; it has soleus_r" in refused.sentence
    assert asked(config, "status").data["log"] == []
    daemon.end()
