"""The curves of the muscle: one file per published set, chosen by `curve_set`."""

from pipeline.model.curves.base import Curve, CurveSet
from pipeline.model.curves.build import DEFAULT, curve_set
from pipeline.model.curves.degroote2016 import DeGroote2016

__all__ = ["DEFAULT", "Curve", "CurveSet", "DeGroote2016", "curve_set"]
