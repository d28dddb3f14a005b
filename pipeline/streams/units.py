"""Units a stream may come in, and their factors to SI."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from pipeline.errors import UserError
from pipeline.streams.roles import ROLES

SCALED = {
    "emg": {"counts": "volts_per_count"},
    "moments": {"N*m/kg": "body_mass_kg"},
    "external": {"N*m/kg": "body_mass_kg"},
}
"""Units whose factor only the set-up knows, each with the key of the stream's table for it."""

NO_SCALES: Mapping[str, float] = {}

_ALIASES = {
    "volt": "V",
    "volts": "V",
    "millivolt": "mV",
    "millivolts": "mV",
    "microvolt": "uV",
    "microvolts": "uV",
    "μv": "uV",  # Greek letter mu; the micro sign becomes it in `_spelling`
    "nanovolt": "nV",
    "nanovolts": "nV",
    "count": "counts",
    "adccounts": "counts",
    "normalised": "1",
    "normalized": "1",
    "radian": "rad",
    "radians": "rad",
    "degree": "deg",
    "degrees": "deg",
    "°": "deg",
    "nm": "N*m",
    "newtonmetre": "N*m",
    "newtonmetres": "N*m",
    "newtonmeter": "N*m",
    "newtonmeters": "N*m",
    "nmm": "N*mm",
    "nm/kg": "N*m/kg",
    "rad/s2": "rad/s^2",
    "deg/s2": "deg/s^2",
}
"""What a unit is called besides its own name, spelled as `_spelling` does."""


def known_unit(key: str, stated: str) -> str | None:
    """Return the unit a sender means, or None if it is not one that stream `key` may have.

    Capitals, blanks and the sign of a product do not count: no stream comes in megavolts.

    Parameters
    ----------
    key
        Role of the stream: ``emg``, ``angles``, ``moments``, ``external`` or ``accelerations``.
    stated
        What the sender calls its unit, for example ``microvolts``.
    """
    own = {_spelling(unit): unit for unit in _names(key)}
    spelling = _spelling(stated)
    unit = own.get(spelling) or _ALIASES.get(spelling)
    return unit if unit in _names(key) else None


def to_si(key: str, stated: str, scales: Mapping[str, float] = NO_SCALES) -> float:
    """Return the factor from a unit to SI (V, rad, N*m, rad/s^2; 1 for ready envelopes).

    Parameters
    ----------
    key, stated
        As for `known_unit`.
    scales
        Factors of the units of `SCALED`, as far as the set-up tells them.

    Raises
    ------
    UserError
        If the unit is not one that stream `key` may have, or the set-up has to tell its factor
        and does not.
    """
    unit = known_unit(key, stated)
    if unit is None:
        raise UserError(
            f"The unit '{stated}' is not one the {key} stream may have; use {units_of(key)}."
        )
    factor = _factors(key).get(unit, scales.get(unit))
    if factor is None:
        raise UserError(
            f"The {key} stream comes in {unit}, of which nothing but the set-up can tell how much "
            f'it is; set streams.{key}.unit = "{unit}" and streams.{key}.{SCALED[key][unit]}.'
        )
    return factor


def units_of(key: str) -> str:
    """Return the names of the units that stream `key` may have, for a sentence."""
    return " or ".join(_names(key))


def si_unit(key: str, stated: str) -> str:
    """Return the SI unit that samples of unit `stated` have after `to_si`."""
    if known_unit(key, stated) == "1":
        return "1"
    return ROLES[key].si_unit


def units_with_factor(key: str, factor: float, scales: Mapping[str, float] = NO_SCALES) -> str:
    """Return the names of the units of stream `key` that have this factor, for a sentence."""
    known = {**_factors(key), **scales}
    names = [name for name, value in known.items() if value == factor]
    return " or ".join(names) or f"{factor:g} times SI"


def _factors(key: str) -> Mapping[str, float]:
    """Return the factor to SI of each unit of stream `key`; none where there is no such role."""
    return ROLES[key].units if key in ROLES else {}


def _names(key: str) -> tuple[str, ...]:
    return (*_factors(key), *SCALED.get(key, ()))


def _spelling(stated: str) -> str:
    """Return a unit without what does not count; ``N.m``, ``N m`` and ``N*m`` become one."""
    plain = unicodedata.normalize("NFKC", stated).casefold()
    return "".join(sign for sign in plain if not sign.isspace() and sign not in "*.-·⋅^")
