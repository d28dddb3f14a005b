"""What is kept of the calibrator's updates, and what of it the messages tell."""

import pickle

import numpy as np
import pytest

from daemon.control.parameter_history import Versions
from daemon.ipc.messages import CertaintyMap, ConfidenceMap, UpdateMessage
from daemon.ipc.orders import RestoreOrder
from daemon.live.heard import MOST_MUSCLES, NOTHING, told_of
from pipeline.model.identifiability import Identifiability
from pipeline.model.subject import CALIBRATED, Subject
from pipeline.output.message import MAX_MESSAGE_BYTES, ParametersMessage
from pipeline.update import Reason, Result, Update

MUSCLES = ("soleus", "tib_ant")
PERSON = Subject.generic(MUSCLES, *np.ones((5, 2)))
KINDS = (Identifiability.IDENTIFIED, Identifiability.UNOBSERVED)
COMBINATION = {
    "first": "soleus:gain",
    "second": "soleus:strength",
    "joining": "product",
    "value": 1.1,
    "deviation": 0.1,
}


def certainty(deviation=0.1, kinds=KINDS):
    return {
        "deviation": {name: [deviation, 0.0] for name in CALIBRATED},
        "identifiability": dict.fromkeys(CALIBRATED, kinds),
        "combinations": [COMBINATION],
    }


def update(result=Result.OK, version=1, known=0.1, **more):
    message = UpdateMessage.of(Update(result, "Said.", version, 10.0, PERSON, **more))
    confidence = None
    if known is not None:
        confidence = ConfidenceMap(**certainty(known), directions=[], residual=[1.0])
    return message.model_copy(update={"confidence": confidence})


def test_every_update_counts_and_the_newest_is_reported():
    assert NOTHING.report(0.0) is None
    heard = NOTHING.step(update(error_before=0.8, error_after=0.4))
    heard = heard.step(update(Result.REJECTED, known=None, error_before=0.4, error_after=np.inf))
    report = heard.report(heard.at + 1.5)
    assert report is not None
    assert (report.result, report.count, report.version) == ("rejected", 2, 1)
    assert (report.error_before, report.error_after) == (0.4, None)
    assert report.age_s == pytest.approx(1.5)


def test_refused_candidates_are_counted_by_their_reason():
    heard = NOTHING
    for reason in (Reason.WORSE, Reason.NO_BETTER, Reason.WORSE):
        heard = heard.step(update(Result.HELD, known=None, reason=reason))
    report = heard.report(0.0)
    assert report is not None
    assert (report.reason, report.refused) == ("worse", {"worse": 2, "no_better": 1})
    heard = heard.step(update(Result.OK, 2)).step(update(Result.TOO_FEW_SAMPLES, 2, None))
    report = heard.report(0.0)
    assert report is not None
    assert (report.reason, report.refused) == ("", {"worse": 2, "no_better": 1})


def test_what_is_known_belongs_to_the_set_in_force():
    heard = NOTHING.step(update(Result.NO_REFERENCE, 0, None))
    assert heard.certainty is None
    heard = heard.step(update(Result.OK, 1, 0.1)).step(update(Result.REJECTED, 1, None))
    assert heard.certainty.deviation["strength"] == [0.1, 0.0]
    heard = heard.step(update(Result.OK, 2, 0.2))
    assert heard.certainty.deviation["strength"] == [0.2, 0.0]
    assert heard.step(update(Result.ROLLED_BACK, 3, None)).certainty is None
    again = pickle.loads(pickle.dumps(heard))  # as it goes to a predictor that is started again
    assert again == heard


def test_a_rollback_brings_back_what_was_known_of_the_set():
    versions = Versions(PERSON)
    versions.add(1, PERSON, update(Result.OK, 1, 0.1).certainty)
    versions.add(2, PERSON, update(Result.OK, 2, 0.2).certainty)
    versions.add(3, PERSON)
    assert versions.certainty(0) is None
    assert versions.certainty(3) is None
    order = RestoreOrder.of(1, versions.subject(1), versions.certainty(1))
    rolled_back = Update(Result.ROLLED_BACK, "Said.", 4, 10.0, PERSON)
    message = UpdateMessage.of(rolled_back, order.version, order.certainty)
    kept = NOTHING.step(message).certainty
    assert kept is not None
    for name in CALIBRATED:
        assert kept.deviation[name] == pytest.approx([0.1, 0.0])
        assert kept.identifiability[name] == KINDS
    assert [pair.model_dump() for pair in kept.combinations] == [COMBINATION]


def test_messages_tell_floats_and_words():
    told = told_of(CertaintyMap(**certainty()), 2)
    message = ParametersMessage(session="s", version=1, t=0.0, values={}, muscles=MUSCLES, **told)
    assert message.deviation["strength"] == (0.1, 0.0)
    assert message.identifiability["strength"] == ("identified", "unobserved")
    (pair,) = message.combinations
    assert (pair.first, pair.joining, pair.value) == ("soleus:gain", "product", 1.1)
    assert told_of(None, 2) == {"deviation": {}, "identifiability": {}, "combinations": []}


@pytest.mark.parametrize("count", [MOST_MUSCLES, MOST_MUSCLES + 1, 512])
def test_however_many_muscles_there_are_the_message_can_be_sent(count):
    kinds = (Identifiability.WEAKLY_IDENTIFIED,) * count
    known = CertaintyMap(
        deviation={name: [1.0 / 3.0] * count for name in CALIBRATED},
        identifiability=dict.fromkeys(CALIBRATED, kinds),
        combinations=[
            {
                **COMBINATION,
                "first": f"a_muscle_with_quite_a_name_{i:03d}_r:optimal_fibre_length",
                "second": f"a_muscle_with_quite_a_name_{i:03d}_r:tendon_slack_length",
            }
            for i in range(count)
        ],
    )
    message = ParametersMessage(
        session="s",
        version=1,
        t=0.0,
        values=dict.fromkeys(CALIBRATED, [1.0 / 3.0] * count),
        muscles=[f"a_muscle_with_quite_a_name_{i:03d}_r" for i in range(count)],
        **told_of(known, count),
    )
    assert bool(message.deviation) == (count <= MOST_MUSCLES)
    assert len(message.pack()) < MAX_MESSAGE_BYTES - 10_000
