"""What senders call their units, and how much each is."""

import pytest

from pipeline.errors import UserError
from pipeline.streams.units import known_unit, to_si, units_with_factor


@pytest.mark.parametrize(
    ("key", "stated", "unit"),
    [
        *(("emg", stated, "uV") for stated in ("uV", "UV", "uv ", "microVolts", "µV", "μV")),
        *(("emg", stated, "V") for stated in ("V", "Volts", " volt")),
        *(("emg", stated, "mV") for stated in ("mV", "MV", "milliVolts")),
        ("emg", "nV", "nV"),
        ("emg", "ADC counts", "counts"),
        *(("angles", stated, "deg") for stated in ("Degrees", "DEG", "°")),
        *(("moments", stated, "N*m") for stated in ("Nm", "N.m", "N·m", "N m", "N*m")),
        *(("moments", stated, "N*mm") for stated in ("Nmm", "N.mm", "N·mm", "N mm", "N*mm")),
        *(("moments", stated, "N*m/kg") for stated in ("Nm/kg", "N.m/kg", "N m / kg")),
        *(("accelerations", stated, "rad/s^2") for stated in ("rad/s2", "rad/s²")),
    ],
)
def test_capitals_blanks_and_products_do_not_count(key, stated, unit):
    assert known_unit(key, stated) == unit


@pytest.mark.parametrize(
    ("key", "stated"),
    [("emg", "rad"), ("angles", "N*m"), ("moments", "kN*m"), ("emg", ""), ("nothing", "V")],
)
def test_what_is_no_unit_of_a_stream_is_not_guessed(key, stated):
    assert known_unit(key, stated) is None


def test_an_unknown_unit_is_refused_with_those_that_are_known():
    with pytest.raises(UserError, match=r"'kN\*m' .* use N\*m or N\*mm or N\*m/kg"):
        to_si("moments", "kN*m")


def test_factors():
    assert to_si("moments", "N.mm") == 1e-3
    assert to_si("emg", "nV") == 1e-9


def test_what_only_the_set_up_knows_has_to_be_told():
    with pytest.raises(UserError, match=r"and streams\.moments\.body_mass_kg"):
        to_si("moments", "Nm/kg")
    assert to_si("moments", "Nm/kg", {"N*m/kg": 70.0}) == 70.0
    assert to_si("emg", "counts", {"counts": 5e-7}) == 5e-7
    assert units_with_factor("emg", 5e-7, {"counts": 5e-7}) == "counts"
