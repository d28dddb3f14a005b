"""The curves of the muscle: one file per published set, chosen by `curve_set`."""

from pipeline.model.curves.base import Curve, CurveSet
from pipeline.model.curves.build import DEFAULT, curve_set
from pipeline.model.curves.degroote2016 import DeGroote2016
from pipeline.model.curves.millard2013 import Millard2013
from pipeline.model.curves.sampled import Sampled
from pipeline.model.curves.thelen2003 import Thelen2003

__all__ = [
    "DEFAULT",
    "Curve",
    "CurveSet",
    "DeGroote2016",
    "Millard2013",
    "Sampled",
    "Thelen2003",
    "curve_set",
]
