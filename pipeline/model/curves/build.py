"""From the choice that a subject or a configuration makes to the curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from pipeline.model.curve_choice import CurveChoice
from pipeline.model.curves.base import CurveSet
from pipeline.model.curves.degroote2016 import DeGroote2016
from pipeline.model.curves.lengthening import Lengthening
from pipeline.model.curves.millard2013 import Millard2013
from pipeline.model.curves.sampled import Sampled
from pipeline.model.curves.thelen2003 import Thelen2003

DEFAULT = DeGroote2016()
_FORMULAS: Mapping[str, Callable[..., CurveSet]] = {
    "degroote2016": DeGroote2016,
    "millard2013": Millard2013,
    "thelen2003": Thelen2003,
}


@lru_cache(maxsize=32)
def curve_set(choice: CurveChoice) -> CurveSet:
    """Return the curves that are chosen."""
    curves = _at_full_activation(choice)
    return Lengthening(choice.length_change, curves) if choice.length_change else curves


def _at_full_activation(choice: CurveChoice) -> CurveSet:
    if choice.name == "sampled":
        return Sampled.of(dict(choice.points), DEFAULT)
    return _FORMULAS[choice.name](**dict(choice.settings))
