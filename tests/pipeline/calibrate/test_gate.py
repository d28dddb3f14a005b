import pytest

from pipeline.calibrate.gate import Rule, Score, Scores, verdict
from pipeline.update import ADOPTED, Reason, Result

NAN, RULE = float("nan"), Rule()


def of(recent, fresh=1.0):
    return Scores(*(Score(error, (error,)) for error in (fresh, recent)))


@pytest.mark.parametrize(
    ("before", "after", "result", "reason"),
    [
        (1.0, 0.5, Result.OK, None),
        (1.0, 0.999, Result.OK, None),
        (1.0, 1.04, Result.HELD, Reason.NO_BETTER),
        (1.0, 1.06, Result.REJECTED, Reason.WORSE),
        (0.0, 0.0, Result.OK, None),
        (1.0, NAN, Result.REJECTED, Reason.NOT_FINITE),
        (NAN, 0.5, Result.REJECTED, Reason.NOT_FINITE),
        (1.0, float("inf"), Result.REJECTED, Reason.NOT_FINITE),
    ],
)
def test_a_candidate_is_accepted_held_or_rejected_by_its_recent_error(
    before, after, result, reason
):
    found = verdict(of(before), of(after), RULE, [])
    assert (found.result, found.reason) == (result, reason)
    assert f"{before:.3f} before, {after:.3f} after" in found.sentence
    assert (found.reason is None) == (found.result in ADOPTED)


@pytest.mark.parametrize(
    ("fresh", "reason"),
    [
        (0.99 * RULE.fresh_tolerance, None),
        (1.01 * RULE.fresh_tolerance, Reason.UNCONFIRMED),
        (NAN, Reason.NOT_FINITE),
    ],
)
def test_what_was_trained_on_does_not_outweigh_the_newest_data(fresh, reason):
    found = verdict(of(1.0), of(0.5, fresh), RULE, [])
    assert found.reason is reason
    assert (found.result in ADOPTED) == (reason is None)


def test_a_better_candidate_at_a_bound_says_which():
    labels = [f"muscle{i}:strength" for i in range(5)]
    found = verdict(of(1.0), of(0.5), RULE, labels)
    assert found.result is Result.AT_BOUNDS
    assert found.reason is None
    assert "muscle0:strength" in found.sentence
    assert "and others" in found.sentence


def test_where_something_has_changed_the_newest_data_decide_alone():
    before, after = of(recent=1.0, fresh=4.0), of(recent=2.0, fresh=1.0)
    assert verdict(before, after, RULE, []).reason is Reason.WORSE
    assert verdict(before, after, RULE, [], changed=True).result is Result.OK
    assert verdict(after, before, RULE, [], changed=True).reason is Reason.WORSE
