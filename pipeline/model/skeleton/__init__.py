"""Rigid-body dynamics of a limb: a serial chain of hinges that carries bones."""

from pipeline.model.skeleton.dynamics import Skeleton
from pipeline.model.skeleton.inertia import (
    INERTIAL,
    SHAPE,
    inertia_of_shape,
    pseudo_inertia,
    shape_of_inertia,
    standard_inertia,
)
from pipeline.model.skeleton.multipliers import RANGE, BoneSpace
from pipeline.model.skeleton.tree import Bone, Hinge, KinematicTree
from pipeline.model.skeleton.tree_file import FORMAT, load_skeleton

__all__ = [
    "FORMAT",
    "INERTIAL",
    "RANGE",
    "SHAPE",
    "Bone",
    "BoneSpace",
    "Hinge",
    "KinematicTree",
    "Skeleton",
    "inertia_of_shape",
    "load_skeleton",
    "pseudo_inertia",
    "shape_of_inertia",
    "standard_inertia",
]
