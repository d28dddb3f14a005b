"""Units in a set-up: what is known, and what has to be told beside them."""

import pytest

from daemon.assembly.streams import stream_specs
from daemon.config import load_config
from pipeline.errors import UserError


def with_unit(changed_config, old, new):
    return load_config(changed_config("arm", {f'unit = "{old}"': new}))


def factor(config, key):
    return next(spec.to_si for spec in stream_specs(config) if spec.key == key)


@pytest.mark.parametrize(
    ("key", "old", "new", "wanted"),
    [
        ("emg", "V", 'unit = "UV"', 1e-6),
        ("emg", "V", 'unit = "counts"\nvolts_per_count = 2e-7', 2e-7),
        ("moments", "N*m", 'unit = "N.mm"', 1e-3),
        ("moments", "N*m", 'unit = "Nm/kg"\nbody_mass_kg = 70', 70.0),
    ],
)
def test_samples_get_the_factor_of_the_unit(changed_config, key, old, new, wanted):
    assert factor(with_unit(changed_config, old, new), key) == wanted


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("V", 'unit = "counts"', "needs emg.volts_per_count"),
        ("N*m", 'unit = "N*m/kg"', "needs moments.body_mass_kg"),
        ("N*m", 'unit = "kN*m"', "is no unit of any stream; use V or mV"),
        ("N*m", 'unit = "uV"', "is no unit of moments; use N"),
    ],
)
def test_a_unit_that_cannot_be_used_is_refused(changed_config, old, new, told):
    with pytest.raises(UserError, match=told.replace("*", r"\*")):
        with_unit(changed_config, old, new)
