"""Joint angles to muscle-tendon lengths and moment arms, from polynomials fitted to a model."""

from pipeline.geometry.model_file import (
    FORMAT,
    Coordinate,
    ModelFile,
    Muscle,
    MusclePath,
    load_model,
)
from pipeline.geometry.polynomial import Geometry, Paths
from pipeline.geometry.selection import crossing, with_muscles

__all__ = [
    "FORMAT",
    "Coordinate",
    "Geometry",
    "ModelFile",
    "Muscle",
    "MusclePath",
    "Paths",
    "crossing",
    "load_model",
    "with_muscles",
]
