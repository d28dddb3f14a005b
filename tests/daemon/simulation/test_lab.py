"""The simulated lab as a generator: reproducible, lively, physical, honest about its truth."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.config import Config
from daemon.simulation.lab import Lab, LabBlock
from pipeline.errors import UserError
from pipeline.geometry import Geometry, load_model

MakeConfig = Callable[..., Config]


def columns(blocks: list[LabBlock]) -> list[np.ndarray]:
    """Everything the lab gives, joined over blocks."""
    parts = [
        (
            *(part for one in (b.emg, b.angles, b.moments) for part in (one.t, one.stamp, one.x)),
            b.truth.excitation,
            b.truth.activation,
            b.truth.force,
            b.truth.angle,
            b.truth.moment,
        )
        for b in blocks
    ]
    return [np.concatenate(same) for same in zip(*parts, strict=True)]


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sizes=st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_block_size_does_not_change_the_numbers(make_config: MakeConfig, sizes: list[int]) -> None:
    whole, cut = Lab(make_config()), Lab(make_config())
    expected, got = columns([whole.block(sum(sizes))]), columns([cut.block(n) for n in sizes])
    for one, other in zip(expected, got, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-15)


def test_the_seed_decides_everything(make_config: MakeConfig) -> None:
    one, same, other = (
        columns([Lab(make_config(simulation={"seed": seed})).block(1500)]) for seed in (1, 1, 2)
    )
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(one[2], other[2])
    assert not np.allclose(one[-1], other[-1])


def test_ten_seconds_excite_every_muscle_and_move_every_joint(make_config: MakeConfig) -> None:
    lab = Lab(make_config())
    lab.block(1000)
    truth = lab.block(10_000).truth
    assert (truth.activation.max(axis=0) > 0.4).all()
    assert (truth.excitation.min(axis=0) < 0.03).all()
    assert truth.excitation.max() < 0.9
    assert np.abs(np.diff(truth.excitation, axis=0)).max() < 0.02  # no jump within 1 ms
    assert (np.ptp(truth.angle, axis=0) > 0.7).all()
    assert (np.sqrt((truth.moment**2).mean(axis=0)) > 2.0).all()
    speed = np.abs(np.diff(truth.angle, axis=0)) * 100
    assert 1.0 < speed.max() < 3.0
    assert truth.angle.min() >= 0.3 - 1e-9
    assert truth.angle.max() <= 1.7 + 1e-9


def test_moments_are_moment_arms_times_forces(make_config: MakeConfig) -> None:
    config = make_config()
    truth = Lab(config).block(2000).truth
    model = load_model(config.model.file)
    joints = ("shoulder", "elbow")
    _, arms = Geometry(model, joints, joints, {}).evaluate(truth.angle)
    order = [model.muscle_names.index(name) for name in config.model.muscles]
    expected = (arms[:, :, order] * truth.force[::10, None]).sum(axis=2)
    np.testing.assert_allclose(truth.moment, expected, rtol=1e-12)


def test_force_follows_emg_by_the_true_delay(make_config: MakeConfig) -> None:
    soon, late = (
        Lab(make_config(simulation={"electromechanical_delay_s": delay})).block(3000).truth
        for delay in (0.0, 0.08)
    )
    np.testing.assert_array_equal(soon.excitation, late.excitation)
    np.testing.assert_allclose(late.activation[580:], soon.activation[500:-80], atol=1e-9)


def test_activation_settles_at_the_shaped_excitation(make_config: MakeConfig) -> None:
    truth = Lab(make_config(simulation={"shape_factor": -2.0})).block(100).truth
    rest = truth.excitation[0, 0]
    expected = np.expm1(-2.0 * rest) / np.expm1(-2.0)
    assert truth.activation[0] == pytest.approx(expected * np.ones(4))


def test_a_muscle_of_two_channels_is_driven_by_their_mean(make_config: MakeConfig) -> None:
    fast = {"activation_time_constant_s": 1e-5, "electromechanical_delay_s": 0.0}
    truth = Lab(make_config(simulation={**fast, "shape_factor": -1e-6})).block(4000).truth
    mean = truth.excitation[:, 1:3].mean(axis=1)
    np.testing.assert_allclose(truth.activation[:, 2], mean, rtol=1e-5)
    np.testing.assert_allclose(truth.activation[:, 3], truth.excitation[:, 2], rtol=1e-5)


def test_sensors_add_noise_and_jitter_but_stamps_increase(make_config: MakeConfig) -> None:
    config = make_config(simulation={"jitter_s": 1e-3, "moment_noise_nm": 0.3})
    block = Lab(config).block(5000)
    for samples in (block.emg, block.angles, block.moments):
        assert (np.diff(samples.stamp) > 0).all()
        assert np.abs(samples.stamp - samples.t).max() > 1e-4
    assert (block.moments.x - block.truth.moment).std() == pytest.approx(0.3, rel=0.1)
    assert (block.angles.x - block.truth.angle).std() == pytest.approx(5e-4, rel=0.1)


def test_truth_is_written_in_both_meanings(make_config: MakeConfig, tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    Lab(make_config()).write_truth(file)
    truth = json.loads(file.read_text())
    biceps = truth["muscles"].index("biceps")
    assert truth["parameters"]["strength"][biceps] == 1.5
    assert truth["physical"]["max_isometric_force_n"][biceps] == pytest.approx(930.0)
    assert truth["physical"]["tendon_slack_length_m"][biceps] == pytest.approx(0.2754)
    assert truth["parameters"]["c1"][biceps] == pytest.approx(-np.exp(-10 / 15))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"envelope": {"kind": "envelope"}}, "raw EMG at 1000 Hz"),
        ({"simulation": {"strength": {"soleus": 1.2}}}, "simulation.strength names.*soleus"),
        ({"model": {"muscles": {"soleus": ["d"]}}}, "soleus.*which model two joints"),
    ],
)
def test_what_cannot_be_simulated_is_said(
    make_config: MakeConfig, changes: dict[str, dict[str, object]], words: str
) -> None:
    with pytest.raises(UserError, match=words):
        Lab(make_config(**changes))
