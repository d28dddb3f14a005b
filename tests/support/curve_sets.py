"""Every kind of curve set there is, for the tests that hold of each."""

from __future__ import annotations

import numpy as np

from pipeline.model.curve_choice import CurveChoice

_RANGES = {
    "activeForceLength": (0.3, 1.8),
    "passiveForceLength": (0.2, 1.8),
    "forceVelocity": (-1.0, 1.0),
    "tendonForceStrain": (0.0, 0.1),
}


def _shapes(stronger: float) -> dict[str, object]:
    """Return points of curves as CEINMS has them, drawn by other formulas than the sets'."""
    x = {name: np.linspace(*ends, 31) for name, ends in _RANGES.items()}
    length, strain = x["activeForceLength"], x["tendonForceStrain"]
    y = {
        "activeForceLength": np.maximum(0.0, 1.0 - ((length - 1.0) / 0.7) ** 2),
        "passiveForceLength": stronger * np.maximum(0.0, x["passiveForceLength"] - 1.0) ** 2,
        "forceVelocity": 0.8 + 0.8 * np.tanh(2.5 * x["forceVelocity"] + 0.25),
        "tendonForceStrain": 30.0 * strain**2 / (strain + 0.02),
    }
    return {name: {"x": x[name].tolist(), "y": y[name].tolist()} for name in x}


def sampled_of(muscles: int) -> CurveChoice:
    """Return curves of points, of which every muscle has its own passive force."""
    shared, own = _shapes(2.0), [_shapes(1.0 + i) for i in range(muscles)]
    passive = [curves["passiveForceLength"] for curves in own]
    content = {"set": "sampled", **shared, "passiveForceLength": passive}
    return CurveChoice.of(content, muscles)


CHOICES = {
    "degroote2016": CurveChoice.of("degroote2016"),
    "degroote2016 levelled": CurveChoice.of({"set": "degroote2016", "plateau": 1.4}),
    "millard2013": CurveChoice.of("millard2013"),
    "thelen2003": CurveChoice.of("thelen2003"),
    "sampled": CurveChoice.of({"set": "sampled", **_shapes(2.0)}),
    "lengthening": CurveChoice.of({"set": "degroote2016", "plateau": 1.4, "length_change": 0.15}),
}
"""Those that all muscles share."""
