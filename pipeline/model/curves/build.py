"""From the choice that a subject or a configuration makes to the curves."""

from __future__ import annotations

from functools import lru_cache

from pipeline.model.curve_choice import CurveChoice
from pipeline.model.curves.base import CurveSet
from pipeline.model.curves.degroote2016 import DeGroote2016

DEFAULT = DeGroote2016()
_SETS = {"degroote2016": DeGroote2016}


@lru_cache
def curve_set(choice: CurveChoice) -> CurveSet:
    """Return the curves that are chosen."""
    return _SETS[choice.name](**dict(choice.settings))
