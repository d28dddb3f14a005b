"""The rule by which the MuJoCo importer makes a muscle's lengths fit its excursion."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.modelling.fibres import FIBRE_RANGE, fit_to_excursion
from pipeline.geometry import Muscle, MusclePath


def _muscle(optimal: float, slack: float) -> Muscle:
    path = MusclePath((), 0, ((),), (0.3,), 0, 0, {}, {})
    return Muscle("m", 100, optimal, slack, 0, 10, path)


def test_a_muscle_that_fits_is_left_alone() -> None:
    muscle = _muscle(0.1, 0.2)
    assert fit_to_excursion(muscle, 0.26, 0.33) == muscle


@pytest.mark.parametrize(("shortest", "longest", "slack"), [(0.24, 0.30, 0.19), (0.30, 0.36, 0.22)])
def test_a_slack_length_is_moved_by_the_least(
    shortest: float, longest: float, slack: float
) -> None:
    taken = fit_to_excursion(_muscle(0.1, 0.2), shortest, longest)
    assert taken.optimal_fibre_length_m == 0.1
    assert taken.tendon_slack_length_m == pytest.approx(slack)


def test_a_fibre_leaves_room_for_a_tendon() -> None:
    taken = fit_to_excursion(_muscle(0.41, -0.26), 0.3, 0.48)
    assert taken.optimal_fibre_length_m == pytest.approx(0.2)
    assert taken.tendon_slack_length_m == pytest.approx(0.2)


@given(
    optimal=st.floats(0.03, 0.2),
    slack=st.floats(0.01, 0.4),
    shortest=st.floats(0.3, 0.5),
    excursion=st.floats(0.001, 0.2),
)
def test_fibres_then_stay_in_range(
    optimal: float, slack: float, shortest: float, excursion: float
) -> None:
    taken = fit_to_excursion(_muscle(optimal, slack), shortest, shortest + excursion)
    low = (shortest - taken.tendon_slack_length_m) / taken.optimal_fibre_length_m
    high = low + excursion / taken.optimal_fibre_length_m
    assert low >= FIBRE_RANGE[0] - 1e-3
    assert high <= FIBRE_RANGE[1] + 1e-3
