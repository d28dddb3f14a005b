"""Units a stream may come in, and their factors to SI."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import UserError
from pipeline.streams.roles import ROLES

_ALIASES = {
    "volt": "V",
    "volts": "V",
    "millivolt": "mV",
    "millivolts": "mV",
    "microvolt": "uV",
    "microvolts": "uV",
    "µV": "uV",  # micro sign
    "μV": "uV",  # Greek letter mu
    "normalised": "1",
    "normalized": "1",
    "radian": "rad",
    "radians": "rad",
    "degree": "deg",
    "degrees": "deg",
    "Nm": "N*m",
    "N.m": "N*m",
    "N·m": "N*m",
    "N m": "N*m",
    "rad/s2": "rad/s^2",
    "rad/s²": "rad/s^2",
    "deg/s2": "deg/s^2",
    "deg/s²": "deg/s^2",
}


def known_unit(key: str, stated: str) -> str | None:
    """Return the unit a sender means, or None if it is not one that stream `key` may have.

    Parameters
    ----------
    key
        Role of the stream: ``emg``, ``angles``, ``moments``, ``external`` or ``accelerations``.
    stated
        What the sender calls its unit, for example ``microvolts``.
    """
    unit = _ALIASES.get(stated, stated)
    return unit if unit in _factors(key) else None


def to_si(key: str, stated: str) -> float:
    """Return the factor from a unit to SI (V, rad, N*m, rad/s^2; 1 for ready envelopes).

    Raises
    ------
    UserError
        If the unit is not one that stream `key` may have.
    """
    unit = known_unit(key, stated)
    if unit is None:
        raise UserError(
            f"The unit '{stated}' is not one the {key} stream may have; use {units_of(key)}."
        )
    return _factors(key)[unit]


def units_of(key: str) -> str:
    """Return the names of the units that stream `key` may have, for a sentence."""
    return " or ".join(_factors(key))


def si_unit(key: str, stated: str) -> str:
    """Return the SI unit that samples of unit `stated` have after `to_si`."""
    if known_unit(key, stated) == "1":
        return "1"
    return ROLES[key].si_unit


def units_with_factor(key: str, factor: float) -> str:
    """Return the names of the units of stream `key` that have this factor, for a sentence."""
    names = [name for name, value in _factors(key).items() if value == factor]
    return " or ".join(names) or f"{factor:g} times SI"


def _factors(key: str) -> Mapping[str, float]:
    """Return the factor to SI of each unit of stream `key`; none where there is no such role."""
    return ROLES[key].units if key in ROLES else {}
