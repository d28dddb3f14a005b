import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from offline_person import RATE_HZ, rows_of, space
from people import One, alone, together, trials_of

from pipeline.calibrate.batch.descent import descend_together
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.offline import Calibration, DescentSettings, cut
from pipeline.model.parameters import SpacesTogether

THREE = (One(1, (80,)), One(2, (40, 70)), One(3, (55, 30, 60)))


def assert_same(found: object, expected: Calibration, within: float) -> None:
    assert isinstance(found, Calibration)
    assert found.iterations == expected.iterations
    torch.testing.assert_close(found.vector, expected.vector, rtol=0.0, atol=within)
    assert found.objective == pytest.approx(expected.objective, rel=within)
    assert found.relative_error == pytest.approx(expected.relative_error, rel=within, abs=within)
    errors, wanted = (np.array(one.history)[:, 1] for one in (found, expected))
    np.testing.assert_allclose(errors, wanted, rtol=within, atol=within)


def test_the_first_steps_are_those_of_each_alone():
    rule = DescentSettings(steps=20)
    for found, one in zip(together([trials_of(o) for o in THREE], rule), THREE, strict=True):
        assert_same(found, alone(one, rule), 1e-10)


def test_whole_descents_end_where_each_alone_does():
    rule = DescentSettings()
    for found, one in zip(together([trials_of(o) for o in THREE], rule), THREE, strict=True):
        assert_same(found, alone(one, rule), 1e-6)


def test_in_single_precision_they_end_within_what_it_resolves():
    rule, single = DescentSettings(), torch.float32
    batch = together([trials_of(one, single) for one in THREE], rule, single)
    for found, one in zip(batch, THREE, strict=True):
        expected = alone(one, rule, single)
        assert isinstance(found, Calibration)
        subject, wanted = (space(single).subject(each.vector) for each in (found, expected))
        for name, values in subject.values().items():
            np.testing.assert_allclose(values, wanted.values()[name], rtol=1e-3)


PEOPLE = st.builds(
    One,
    st.integers(0, 3),
    st.lists(st.sampled_from((20, 50, 75)), min_size=1, max_size=3).map(tuple),
)


@given(st.lists(PEOPLE, min_size=1, max_size=5))
@settings(max_examples=15)
def test_any_mix_of_lengths_in_any_order_changes_nothing(people):
    rule = DescentSettings(steps=6)
    batch = together([trials_of(one) for one in people], rule)
    for found, one in zip(batch, people, strict=True):
        assert_same(found, alone(one, rule), 1e-10)


def test_each_stops_by_itself_and_keeps_its_own_best():
    content = cut(rows_of(space().prior), [slice(100, 180)], RATE_HZ, 0.3, space().zeros())
    rule = DescentSettings(steps=30, patience=5)
    found = together([trials_of(THREE[0]), content, trials_of(THREE[1])], rule)
    ends = [one.iterations for one in found if isinstance(one, Calibration)]
    assert ends[1] == 6 < min(ends[0], ends[2])
    assert ends[0] != ends[2]
    for place, one in ((0, THREE[0]), (2, THREE[1])):
        assert_same(found[place], alone(one, rule), 1e-10)


def test_what_is_no_number_is_one_members_failure():
    rule = DescentSettings(steps=20)
    spoilt = trials_of(THREE[1])
    spoilt = spoilt._replace(moment=torch.full_like(spoilt.moment, torch.nan))
    found = together([trials_of(THREE[0]), spoilt, trials_of(THREE[2])], rule)
    assert isinstance(found[1], FloatingPointError)
    assert "after 0 steps" in str(found[1])
    for place in (0, 2):
        assert_same(found[place], alone(THREE[place], rule), 1e-10)


def test_lengths_that_are_no_numbers_do_not_reach_the_others():
    rule = DescentSettings(steps=5)
    spoilt = trials_of(THREE[1])
    spoilt = spoilt._replace(length=torch.full_like(spoilt.length, torch.nan))
    found = together([spoilt, trials_of(THREE[0])], rule)
    assert isinstance(found[0], FloatingPointError)
    assert_same(found[1], alone(THREE[0], rule), 1e-10)


def test_it_tells_of_its_progress_and_of_the_mean_error():
    seen = []
    rule = DescentSettings(steps=4)
    rooms = [space(), space()]
    data = side_by_side([trials_of(one) for one in THREE[:2]])
    objective = ObjectiveTogether(SpacesTogether(rooms), data, 1.0 / RATE_HZ, rule)
    descend_together(
        objective,
        torch.zeros(2, space().size, dtype=torch.float64),
        rule,
        lambda done, error: seen.append((done, error)),
    )
    assert [done for done, _ in seen] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    first = np.mean([alone(one, rule).history[0][1] for one in THREE[:2]])
    assert seen[0][1] == pytest.approx(first, rel=1e-6)
