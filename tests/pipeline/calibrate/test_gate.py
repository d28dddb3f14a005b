import pytest

from pipeline.calibrate.gate import Score, verdict
from pipeline.update import Result


def of(error):
    return Score(error, (error,))


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        (1.0, 0.5, Result.OK),
        (1.0, 0.98, Result.HELD),
        (1.0, 1.04, Result.HELD),
        (1.0, 1.06, Result.REJECTED),
        (0.0, 0.0, Result.OK),
        (1.0, float("nan"), Result.REJECTED),
        (float("nan"), 0.5, Result.REJECTED),
    ],
)
def test_a_candidate_is_accepted_held_or_rejected(before, after, result):
    found, sentence = verdict(of(before), of(after), gain=0.05, tolerance=1.05, at_bound=[])
    assert found is result
    assert f"{before:.3f} before, {after:.3f} after" in sentence


def test_a_better_candidate_at_a_bound_says_which():
    labels = [f"muscle{i}:strength" for i in range(5)]
    found, sentence = verdict(of(1.0), of(0.5), 0.0, 1.05, labels)
    assert found is Result.AT_BOUNDS
    assert "muscle0:strength" in sentence
    assert "and others" in sentence
