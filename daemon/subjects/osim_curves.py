"""The curves and tendons of OpenSim's muscles, by their class and what is set in each.

References
----------
Millard et al. 2013, J Biomech Eng 135:021005; Thelen 2003, J Biomech Eng 125:70; De Groote et al.
2016, Ann Biomed Eng 44:2922.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from daemon.subjects.xml_file import Element, number
from pipeline.errors import UserError
from pipeline.model.curve_choice import PUBLISHED, SAMPLED, SETTINGS, CurveChoice
from pipeline.model.curves import curve_set


class _Kind(NamedTuple):
    """A class of muscles: the set that its curves are, and where it keeps what can be set."""

    curves: str
    settings: Mapping[str, str]
    """Path of each setting in the muscle's element."""


_ACTIVE = "ActiveForceLengthCurve"
_KINDS = {
    "Millard2012EquilibriumMuscle": _Kind(
        "millard2013",
        {
            "plateau": "ForceVelocityCurve/max_eccentric_velocity_force_multiplier",
            "passive_strain": "FiberForceLengthCurve/strain_at_one_norm_force",
            "tendon_strain": "TendonForceLengthCurve/strain_at_one_norm_force",
            "shortest": f"{_ACTIVE}/min_norm_active_fiber_length",
            "shoulder": f"{_ACTIVE}/transition_norm_fiber_length",
            "longest": f"{_ACTIVE}/max_norm_active_fiber_length",
            "shallow_slope": f"{_ACTIVE}/shallow_ascending_slope",
        },
    ),
    "Thelen2003Muscle": _Kind(
        "thelen2003",
        {
            "plateau": "Flen",
            "passive_strain": "FmaxMuscleStrain",
            "tendon_strain": "FmaxTendonStrain",
            "active_width": "KshapeActive",
            "passive_shape": "KshapePassive",
            "shortening_shape": "Af",
        },
    ),
    "DeGrooteFregly2016Muscle": _Kind(
        "degroote2016",
        {
            "passive_strain": "passive_fiber_strain_at_one_norm_force",
            "tendon_strain": "tendon_strain_at_one_norm_force",
        },
    ),
}
"""What shapes the curves besides (slopes at their ends, curviness) is OpenSim's default."""
_RANGES = {
    "activeForceLength": ("active_force_length", 0.2, 1.9),
    "passiveForceLength": ("passive_force_length", 0.2, 1.9),
    "forceVelocity": ("force_velocity", -1.0, 1.0),
    "tendonForceStrain": ("tendon_force", -0.005, 0.1),
}
_POINTS = 241


def curves_of(elements: Sequence[Element], path: Path) -> tuple[CurveChoice, list[str]]:
    """Return the curves of a model's muscles, and what there is to say of them.

    Raises
    ------
    UserError
        If something that is set in a curve cannot be.
    """
    each = [_choice(element, path) for element in elements]
    notes = []
    strange = sorted({str(e.tag) for e in elements if e.tag not in _KINDS})
    if strange:
        notes.append(
            f"The curves of {', '.join(strange)} are not known here; these muscles have those of "
            f"{PUBLISHED}."
        )
    if len(set(each)) == 1:
        return each[0], notes
    return _in_rows(each), notes


def rigid_of(elements: Sequence[Element]) -> list[bool]:
    """Tell of each muscle whether its tendon's compliance is ignored."""
    said = ((element.findtext("ignore_tendon_compliance") or "") for element in elements)
    return [text.strip().lower() == "true" for text in said]


def _choice(element: Element, path: Path) -> CurveChoice:
    kind = _KINDS.get(str(element.tag))
    if kind is None:
        return PUBLISHED
    content: dict[str, object] = {"set": kind.curves}
    usual = curve_set(CurveChoice.of(kind.curves))
    for name, where in kind.settings.items():
        value = number(element, where, path, default=np.nan)
        if np.isfinite(value) and value != getattr(usual, name):
            content[name] = value
    try:
        return CurveChoice.of(content)
    except ValueError as error:
        low_high = ", ".join(f"{k} {v}" for k, v in SETTINGS[kind.curves].items())
        raise UserError(
            f"'{path}': the curves of a muscle cannot be used: {error} ({low_high})."
        ) from error


def _in_rows(each: Sequence[CurveChoice]) -> CurveChoice:
    """Return curves of different kinds as points, a row for each muscle."""
    content: dict[str, object] = {"set": SAMPLED}
    for name, (curve, low, high) in _RANGES.items():
        x = torch.linspace(low, high, _POINTS, dtype=torch.float64)
        rows = []
        for choice in each:
            y = getattr(curve_set(choice), curve)(x)[0].clamp_min(0.0)
            y = y if name == "activeForceLength" else torch.cummax(y, 0).values
            rows.append({"x": x.tolist(), "y": y.tolist()})
        content[name] = rows
    return CurveChoice.of(content, len(each))
