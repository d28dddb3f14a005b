"""The person who tires, the electrode that slips and the task that changes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.config import Config, load_config
from daemon.simulation.lab import Lab
from daemon.simulation.person.tiring import Tiring

MakeConfig = Callable[..., Config]
FATIGUE = {
    "muscle": "biceps",
    "start_s": 1.0,
    "end_s": 3.0,
    "strength_loss": 0.4,
    "frequency_loss": 0.2,
    "amplitude_rise": 0.5,
}


def tiring(make_config: MakeConfig, **changes: Any) -> Config:
    return make_config(simulation={"fatigue": [{**FATIGUE, **changes}]})


def test_a_tired_muscle_pulls_less_in_the_same_state(make_config: MakeConfig) -> None:
    only_strength = tiring(make_config, frequency_loss=0.0, amplitude_rise=0.0)
    rested, tired = (Lab(config).block(4000).truth for config in (make_config(), only_strength))
    ratio = tired.force / rested.force
    assert ratio[:1000] == pytest.approx(1.0)
    assert ratio[2000] == pytest.approx([1.0, 1.0, 0.8, 1.0])  # model.muscles' order
    assert ratio[3000:, 2] == pytest.approx(0.6)
    np.testing.assert_array_equal(tired.excitation, rested.excitation)


def test_it_is_driven_harder_and_its_channels_conduct_more_slowly(make_config: MakeConfig) -> None:
    config, t = tiring(make_config), np.array([0.5, 2.0, 2.9, 3.5])
    changes = Tiring(config)
    assert changes.drive(t)[:, 1] == pytest.approx([1.0, 1.25, 1.475, 1.5])
    assert changes.conduction(t)[:, 2] == pytest.approx([1.0, 0.9, 0.9, 0.8])  # whole seconds
    assert (changes.conduction(t)[:, [0, 3]] == 1.0).all()
    rested, tired = (Lab(one).block(5000).truth.excitation for one in (make_config(), config))
    active = rested[3000:, 1] > 0.05
    assert (tired[3000:, 1][active] > rested[3000:, 1][active]).all()
    assert tired.max() < 0.9
    np.testing.assert_array_equal(tired[:, 3], rested[:, 3])


def test_what_has_changed_goes_back_in_part(make_config: MakeConfig) -> None:
    changes = Tiring(tiring(make_config, recovery=0.5, recovery_s=2.0))
    t = np.array([0.5, 3.0, 4.0, 5.0, 9.0])
    assert changes.strength(t)[:, 2] == pytest.approx([1.0, 0.6, 0.7, 0.8, 0.8])
    assert changes.drive(t)[:, 1] == pytest.approx([1.0, 1.5, 1.375, 1.25, 1.25])
    assert changes.conduction(t)[:, 2] == pytest.approx([1.0, 0.8, 0.85, 0.9, 0.9])


def test_an_electrode_slips_and_nothing_else_changes(make_config: MakeConfig) -> None:
    slip = {"gain_change": [{"channel": "b1", "at_s": 1.5, "factor": 0.6}]}
    before, after = (Lab(one).block(3000) for one in (make_config(), make_config(simulation=slip)))
    np.testing.assert_allclose(after.emg.x[1500:, 1], 0.6 * before.emg.x[1500:, 1])
    np.testing.assert_array_equal(after.emg.x[:1500], before.emg.x[:1500])
    np.testing.assert_array_equal(after.truth.force, before.truth.force)


def test_another_task_uses_another_range(make_config: MakeConfig) -> None:
    change = {"task_change": [{"at_s": 5.0, "used_range": [0.4, 0.6], "pace": 2.0, "effort": 0.5}]}
    usual, other = (Lab(one) for one in (make_config(), make_config(simulation=change)))
    before, after = usual.block(20_000).truth, other.block(20_000).truth
    np.testing.assert_array_equal(after.angle[:400], before.angle[:400])
    assert np.ptp(after.angle[1000:], axis=0).max() <= 0.4 + 1e-9
    assert (after.angle[1000:].min(axis=0) >= 0.8 - 1e-9).all()
    assert np.ptp(before.angle[1000:], axis=0).min() > 0.6
    assert after.excitation[10_000:].mean() < before.excitation[10_000:].mean()


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sizes=st.lists(st.integers(1, 900), min_size=1, max_size=6))
def test_block_size_changes_nothing_while_it_tires(
    make_config: MakeConfig, sizes: list[int]
) -> None:
    config = tiring(make_config, start_s=0.0)
    whole, cut = Lab(config), Lab(config)
    expected = whole.block(sum(sizes)).emg.x
    np.testing.assert_allclose(
        np.concatenate([cut.block(n).emg.x for n in sizes]), expected, rtol=1e-12, atol=1e-15
    )


def test_the_truth_tells_what_changes(make_config: MakeConfig, tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    Lab(tiring(make_config)).write_truth(file)
    (told,) = json.loads(file.read_text())["fatigue"]
    assert FATIGUE.items() <= told.items()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fatigue": [{**FATIGUE, "muscle": "soleus"}]}, "fatigue names muscles.*soleus"),
        ({"fatigue": [{**FATIGUE, "end_s": 0.5}]}, "before it starts at 1 s"),
        ({"gain_change": [{"channel": "x", "at_s": 1, "factor": 2}]}, "names channels.*'x'"),
        ({"task_change": [{"at_s": 1, "used_range": [0.5, 0.5]}]}, "used_range must rise"),
    ],
)
def test_what_cannot_change_is_said(
    make_config: MakeConfig, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        make_config(simulation=changes)


def test_the_shipped_set_up_tires_two_muscles_by_a_quarter() -> None:
    changes = Tiring(load_config("tiring-arm"))
    lost = 1.0 - changes.strength(np.array([360.0]))[0]
    assert sorted(lost)[-3:] == pytest.approx([0.0, 0.25, 0.25])
