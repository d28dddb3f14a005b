"""Trust in parameters: how it is earned, lost, and kept through rollbacks and restarts."""

import math
import pickle

import pytest

from daemon.config import load_config
from daemon.ipc.messages import UpdateMessage
from daemon.live.trust import TrustRule, TrustState, trust_rule
from pipeline.update import Result

JOINTS = 2
GENERIC = TrustRule(
    joints=JOINTS,
    trust_error=0.5,
    distrust_error=1.0,
    distrust_s=8.0,
    stride_s=1.0,
    trusts_start=False,
)
LOADED = TrustRule(**{**vars(GENERIC), "trusts_start": True})


def update(result, version, t, before=None, after=None, restored=None):
    """Return an update; its errors are given per joint, as the limits are."""
    return UpdateMessage.model_construct(
        result=Result(result),
        version=version,
        t=t,
        error_before=None if before is None else JOINTS * before,
        error_after=None if after is None else JOINTS * after,
        judged=[] if before is None else [True] * JOINTS,
        restored=restored,
    )


class Run:
    """A rule, its state, and a clock that goes on by a stride with each update."""

    def __init__(self, rule: TrustRule) -> None:
        self.rule, self.state, self.t = rule, rule.initial(), 1000.0

    def __call__(self, result, version, before=None, after=None, restored=None) -> bool:
        """Take an update; return whether the set in force is trusted then."""
        self.t += 1.0
        self.state = self.rule.step(
            self.state, update(result, version, self.t, before, after, restored)
        )
        return self.trusted()

    def trusted(self, *versions: int) -> bool:
        return not self.state.doubt(*(versions or [self.state.version]))

    def badly(self, updates: int, version: int, error: float = 1.5) -> list[bool]:
        return [self("held", version, error, error) for _ in range(updates)]


@pytest.fixture
def generic() -> Run:
    return Run(GENERIC)


@pytest.fixture
def loaded() -> Run:
    return Run(LOADED)


def test_a_generic_person_is_trusted_once_a_set_does_well_on_held_out_data(generic):
    assert not generic.trusted()
    assert not generic("too_few_samples", 0)
    assert not generic("ok", 1, 3.0, 0.51)
    assert generic("at_bounds", 2, 0.51, 0.5)
    assert "at most 0.5 times" in generic.state.doubt(1)
    assert "at most 0.5 times" in generic.state.doubt(1, 2)  # while 1 fades out
    assert not generic.state.doubt(2)


@pytest.mark.parametrize("result", ["rejected", "held", "diverged", "not_excited", "no_reference"])
def test_a_set_that_is_not_put_in_force_earns_nothing(generic, result):
    assert not generic(result, 0, 3.0, 0.1)


def test_the_generic_set_earns_nothing_by_a_lucky_second_but_a_calibrated_one_does(generic):
    assert not generic("held", 0, 0.1, 0.2)
    assert not generic("ok", 1, 0.6, 0.55)
    assert generic("held", 1, 0.5, 0.6)


@pytest.mark.parametrize("after", [None, math.nan, math.inf])
def test_an_error_that_is_not_known_earns_nothing(generic, after):
    assert not generic("ok", 1, 3.0, after)


def test_trust_stays_with_the_better_sets_that_follow(generic):
    generic("ok", 1, 3.0, 0.4)
    assert generic("ok", 2, 0.9, 0.8)
    assert generic("rejected", 2, 0.9, 5.0)


def test_a_joint_without_reference_neither_helps_nor_is_trusted(generic):
    def alone(error):
        generic.t += 1.0
        told = update("ok", generic.state.version + 1, generic.t, error, error)
        told = told.model_copy(update={"judged": [True, False]})
        generic.state = generic.rule.step(generic.state, told)
        return generic.trusted()

    assert not alone(0.3)  # of one joint, this is 0.6
    assert alone(0.2)
    assert generic.state.unjudged == (1,)
    generic("ok", 3, 0.4, 0.4)
    assert generic.state.unjudged == ()


def test_a_subject_that_was_shown_to_fit_has_no_joint_in_doubt(loaded):
    assert loaded.state.unjudged == ()


def test_a_rollback_keeps_the_trust_of_the_set_that_comes_back(generic):
    generic("ok", 1, 3.0, 0.8)
    generic("ok", 2, 0.8, 0.4)
    generic("ok", 3, 0.4, 0.3)
    assert generic("rolled_back", 4, restored=2)
    assert not generic("rolled_back", 5, restored=1)
    assert generic("rolled_back", 6, restored=4)
    assert not generic("rolled_back", 7, restored=0)
    assert not generic("held", 7, 0.1, 0.2)  # still nobody in particular
    assert not generic("rolled_back", 8)  # to nobody knows what
    assert generic("held", 8, 0.1, 0.2)


def test_a_loaded_subject_is_trusted_at_once_and_after_a_rollback(loaded):
    assert loaded.trusted()
    assert loaded("ok", 1, 0.9, 0.8)
    assert loaded("rolled_back", 2, restored=0)


def test_a_subject_that_does_not_fit_is_doubted_after_eight_seconds_of_data(loaded):
    assert loaded.badly(8, 0) == [True] * 7 + [False]
    assert "for 8 s they left more than 1 times" in loaded.state.doubt(0)
    assert not loaded("held", 0, 0.6, 0.6)
    assert loaded("held", 0, 0.5, 0.6)
    assert loaded.badly(8, 0) == [True] * 7 + [False]  # it begins to count anew


def test_doubt_ends_with_a_set_that_does_well(loaded):
    loaded.badly(8, 0)
    assert not loaded("ok", 1, 1.5, 0.9)
    assert loaded("ok", 2, 0.9, 0.4)
    assert not loaded("rolled_back", 3, restored=0)


def test_sets_that_are_better_and_still_bad_do_not_stop_the_count(loaded):
    told = [loaded("ok", 1 + i, 1.5, 1.4) for i in range(8)]
    assert told == [True] * 7 + [False]


def test_a_good_second_between_begins_the_count_anew(loaded):
    loaded.badly(7, 0)
    assert loaded("held", 0, 1.0, 2.0)
    assert all(loaded.badly(7, 0))


@pytest.mark.parametrize("result", ["paused", "not_excited", "no_reference", "too_few_samples"])
def test_an_update_without_an_error_neither_counts_nor_forgets(loaded, result):
    loaded.badly(7, 0)
    assert all(loaded(result, 0) for _ in range(60))
    assert not loaded("held", 0, 1.5)


def test_silence_does_not_count_as_data(loaded):
    loaded.badly(1, 0)
    loaded.t += 3600.0
    assert all(loaded.badly(6, 0))


def test_a_clock_that_goes_back_does_not_count_and_does_not_stop_the_count(loaded):
    loaded.badly(4, 0)
    loaded.t = 0.0  # such is also the time of an update that has seen no sample
    assert loaded.badly(4, 0) == [True] * 4
    assert loaded.badly(1, 0) == [False]


def test_an_error_that_is_no_number_is_no_fit(loaded):
    assert loaded.badly(8, 0, math.nan)[-1] is False


def test_a_calibrator_started_again_goes_on_from_the_set_in_force(generic):
    for version in range(1, 4):
        generic("ok", version, 3.0, 0.4)
    before = generic.state
    assert generic("too_few_samples", 3)
    assert generic("ok", 3, 9.0, 9.0)  # its number is taken: not in force, nothing to earn
    generic.state = before
    assert generic("held", 1, 9.0, 9.0)  # of an older set, which is not in force
    assert generic.state == before


def test_a_set_whose_coming_was_not_heard_of_is_doubted_until_it_is_known_to_do_well(loaded):
    assert not loaded("not_excited", 5)
    assert loaded("held", 5, 0.4, 0.5)
    assert not loaded("held", 9, 0.9, 0.9)
    assert loaded("ok", 10, 0.9, 0.3)
    assert not loaded("ok", 12, 0.9, 0.8)  # 11 is the one that was missed


def test_nothing_is_trusted_where_nothing_will_be_calibrated():
    never = TrustRule(**{**vars(GENERIC), "calibrates": False}).initial()
    assert "trust_generic" in never.doubt(0)


def test_the_state_travels_to_another_process_and_stays_small(loaded):
    for version in range(1, 3001, 2):
        loaded("ok", version, 3.0, 0.4)
        loaded("rolled_back", version + 1)
    assert len(loaded.state.standings) == 1000
    assert not loaded.trusted(5)  # too long ago
    assert pickle.loads(pickle.dumps(loaded.state)) == loaded.state
    assert isinstance(loaded.state, TrustState)


def test_the_set_up_says_whether_the_start_is_trusted(tmp_path):
    arm = load_config("arm")
    assert trust_rule(arm).initial().doubt(0)

    def changed(section, **values):
        part = getattr(arm, section).model_copy(update=values)
        return trust_rule(arm.model_copy(update={section: part}))

    assert not changed("output", trust_generic=True).initial().doubt(0)
    assert not changed("model", subject=tmp_path / "me.json").initial().doubt(0)
    assert changed("calibrator", enabled=False).initial().doubt(0) != GENERIC.initial().doubt(0)
    named = arm.model.model_copy(update={"subject": tmp_path / "me.json"})
    loaded = trust_rule(arm.model_copy(update={"model": named}))
    unshown = loaded.initial(shown=False)
    assert "have not been shown to fit this person yet" in unshown.doubt(0)
    assert not unshown.standing(0).generic
    rule = trust_rule(arm)
    assert (rule.joints, rule.trust_error, rule.distrust_error) == (4, 0.5, 1.0)
