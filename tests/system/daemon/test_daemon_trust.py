"""A person nobody knows, on the simulated arm: no moment is ok before a set is shown to fit."""

import os
from dataclasses import replace

import psutil
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import generic_subject
from daemon.config import load_config
from daemon.control.client import ask
from daemon.host.machine import family
from daemon.ipc.requests import Command, Request
from daemon.session.reader import open_session
from daemon.simulation.demo import demo

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

PATIENCE_S = 120.0
UNEARNED = {"STARTING", "CALIBRATING", "DEGRADED", "STALE"}


@pytest.fixture
def arm(changed_config, unique_name, ipc_address, tmp_path):
    """The simulated arm, whose person is not the generic one, on streams of this test's own."""
    output = f'[output]\nzmq = "{ipc_address}"\nlsl = false\n'
    control = f'[control]\naddress = "{ipc_address}-control"\n'
    session = f'[session]\nfile = "{tmp_path / "session.db"}"\n'
    # A busy machine may stall the lab; only trust is judged here.
    patient = {
        '"hillstream-': f'"{unique_name}-',
        "[streams.emg]": "[streams]\nstale_after_s = 2.0\n\n[streams.emg]",
    }
    text = output + "{limits}" + control + session
    return lambda limits="": load_config(
        changed_config("arm", patient, text.replace("{limits}", limits))
    )


def trust_events(config):
    with open_session(config.session.file) as database:
        told = database.execute("SELECT sentence FROM event WHERE kind = 'trust'").fetchall()
    return [sentence for (sentence,) in told]


def test_moments_are_ok_once_a_set_has_earned_it_and_no_longer_than_it_is_in_force(
    arm, running, wait_until
):
    """One run.

    1. Until the first set comes into force, and while it fades in, no message is ok.
    2. Then all are. They still are after the predictor was killed.
    3. Back at the generic set none is; back at the one that had earned it, all are.
    4. The session says when trust came and went.
    """
    stranger = arm()
    daemon = running(stranger, demo)

    def order(command, **more):
        reply = ask(stranger.control.address, Request(command=Command(command), **more), PATIENCE_S)
        assert reply.ok, reply.sentence
        return reply

    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    moments = list(daemon.moments)
    earned = next(i for i, moment in enumerate(moments) if any(moment.ok))
    assert {m.status for m in moments[:earned]} <= UNEARNED
    assert "CALIBRATING" in {m.status for m in moments[:earned]}
    assert any(any(m.moment) for m in moments[:earned])  # sent all the same
    assert moments[earned].parameter_version > 0
    assert all(all(m.ok) for m in moments[earned:] if m.status == "NOMINAL")
    assert any("output.trust_error" in status.doubt for status in daemon.statuses)

    order("pause")
    wait_until(lambda: daemon.calibrated(lambda report: report.result == "paused"), PATIENCE_S)
    version = daemon.statuses[-1].calibrator.version
    predictor = psutil.Process(family(os.getpid())["predictor"])
    session = daemon.moments[-1].session
    predictor.kill()
    predictor.wait(PATIENCE_S)
    wait_until(lambda: daemon.moments[-1].session != session, PATIENCE_S)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)  # paused: no new set
    assert daemon.moments[-1].parameter_version == version

    order("rollback", version=0)
    wait_until(lambda: daemon.status() == "CALIBRATING", PATIENCE_S)
    assert not any(daemon.moments[-1].ok)
    assert daemon.moments[-1].parameter_version == version + 1
    wait_until(lambda: "has not been shown to fit this person" in order("save").sentence)
    assert order("save").data["subject"]["trusted"] is False
    order("rollback", version=version)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    wait_until(lambda: "trusted" not in order("save").data["subject"])
    daemon.end()
    told = ["trust_error" in sentence for sentence in trust_events(stranger)]
    assert told == [True, False, True, False]


@pytest.mark.parametrize("trusted", [True, False])
def test_a_subject_that_was_saved_untrusted_has_to_earn_it(
    arm, running, wait_until, tmp_path, trusted
):
    config = arm()
    person = replace(generic_subject(model_in_use(config)), trusted=trusted)
    person.save(tmp_path / "me.json")
    model = config.model.model_copy(update={"subject": tmp_path / "me.json"})
    daemon = running(config.model_copy(update={"model": model}))
    wait_until(lambda: daemon.statuses, PATIENCE_S)
    doubt = daemon.statuses[-1].doubt
    assert doubt == "" if trusted else "have not been shown to fit this person yet" in doubt


def test_a_set_that_was_trusted_and_does_not_fit_is_doubted_in_a_sentence(arm, running, wait_until):
    # So strict that no set can fit.
    limits = "trust_generic = true\ntrust_error = 1e-9\ndistrust_error = 1e-8\ndistrust_s = 2\n"
    config = arm(limits)
    daemon = running(config, demo)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    assert all(daemon.moments[-1].ok)
    wait_until(lambda: daemon.status() == "CALIBRATING", PATIENCE_S)
    assert not any(daemon.moments[-1].ok)
    wait_until(lambda: "do not fit this person" in daemon.note(), PATIENCE_S)
    daemon.end()
    (sentence,) = trust_events(config)
    assert "output.distrust_error" in sentence
