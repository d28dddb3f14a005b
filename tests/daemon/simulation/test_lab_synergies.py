"""A simulated person whose muscles move together."""

from collections.abc import Callable

import numpy as np
import pytest

from daemon.config import Config
from daemon.simulation.lab import Lab

MakeConfig = Callable[..., Config]


@pytest.mark.parametrize("count", [1, 2])
def test_the_excitations_are_made_of_as_many_drives_and_one_for_all(
    make_config: MakeConfig, count: int
) -> None:
    excitation = Lab(make_config(simulation={"synergies": count})).block(20_000).truth.excitation
    assert excitation.std(0).min() > 0.05
    # The drive before it saturates; its rank is that of the synergies and of co-contraction.
    drive = -np.log1p(-(excitation - 0.01) / 0.89)
    values = np.linalg.svd(drive, compute_uv=False)
    assert values[count + 1] < 1e-9 * values[0] < values[count]


def test_the_seed_decides_which(make_config: MakeConfig) -> None:
    first, again, other = (
        Lab(make_config(simulation={"synergies": 2, "seed": seed})).block(3000).truth.excitation
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
