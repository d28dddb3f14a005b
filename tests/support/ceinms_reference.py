"""CEINMS's equations step by step in plain numpy, for tests: nothing of the product takes part.

Pizzolato et al. 2015, J Biomech 48:3929, and Lloyd & Besier 2003, J Biomech 36:765: a recursive
filter and a shape factor make the activation; the fibre pulls with ``F (a f_l(l / l_o(a)) f_v(v) +
f_p(l / l_o) + d v) cos phi``, where ``l_o(a) = l_o (1 + c (1 - a))``; the thickness is constant;
the tendon is stiff, or its force and the fibre's are equal.
"""

from dataclasses import dataclass, field
from xml.etree import ElementTree

import numpy as np
from scipy.interpolate import PPoly
from scipy.optimize import brentq

MAX_VELOCITY = 10.0
TENDON_STRAIN = """-10 -0.002 -0.001 0 0.00131 0.00281 0.00431 0.00581 0.00731 0.00881 0.0103 0.0118
0.0123 9.2 9.201 9.202 20"""
TENDON_FORCE = (
    """0 0 0 0 0.0108 0.0257 0.0435 0.0652 0.0915 0.123 0.161 0.208 0.227 345 345 345 345"""
)
"""The tools' built-in tendon."""


def numbers(text):
    return np.array(text.split(), float)


def spline(x, y):
    """Return the cubic spline whose end pieces have the third derivative of four points' cubic.

    All coefficients of all pieces are found as one system of linear equations.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    pieces, rows, right = len(x) - 1, [], []

    def equation(terms, value):
        row = np.zeros(4 * pieces)
        for piece, powers in terms.items():
            row[4 * piece : 4 * piece + 4] += powers
        rows.append(row)
        right.append(value)

    for i, h in enumerate(np.diff(x)):
        equation({i: np.array([0, 0, 0, 1.0])}, y[i])
        equation({i: np.array([h**3, h**2, h, 1.0])}, y[i + 1])
        if i + 1 < pieces:
            one, two = np.array([0, 0, 1.0, 0]), np.array([0, 2.0, 0, 0])
            equation({i: np.array([3 * h**2, 2 * h, 1.0, 0]), i + 1: -one}, 0.0)
            equation({i: np.array([6 * h, 2.0, 0, 0]), i + 1: -two}, 0.0)
    for piece, at in ((0, slice(0, 4)), (pieces - 1, slice(-4, None))):
        equation({piece: np.array([1.0, 0, 0, 0])}, np.polyfit(x[at] - x[at][0], y[at], 3)[0])
    coefficients = np.linalg.solve(np.array(rows), np.array(right)).reshape(pieces, 4).T
    drawn = PPoly(coefficients, x)
    return lambda at: drawn(np.clip(at, x[0], x[-1]))


@dataclass
class Muscle:
    """One muscle of a subject file."""

    fields: dict
    curves: dict
    change: float
    damping: float
    drawn_tendon: object = field(
        default_factory=lambda: spline(numbers(TENDON_STRAIN), numbers(TENDON_FORCE))
    )

    def __getitem__(self, name):
        return float(self.fields[name])

    @property
    def strongest(self):
        return self["maxIsometricForce"] * self["strengthCoefficient"]

    def tendon(self, strain):
        """Return the force of the tendon, which never pushes."""
        return max(float(self.drawn_tendon(strain)), 0.0)

    def activation(self, excitation):
        """Return the activation; the filter starts settled."""
        c1, c2, a = self["C1"], self["C2"], self["shapeFactor"]
        u = np.full(len(excitation) + 2, excitation[0])
        for i, e in enumerate(excitation, start=2):
            u[i] = (1 + c1 + c2 + c1 * c2) * e - (c1 + c2) * u[i - 1] - c1 * c2 * u[i - 2]
        return np.expm1(a * u[2:]) / np.expm1(a)

    def fibre_force(self, fibre, before, step_s, activation):
        """Return the force along the tendon of a fibre that had a length one step before."""
        optimal = self["optimalFiberLength"]
        thickness = optimal * np.sin(np.radians(self["pennationAngle"]))
        velocity = (fibre - before) / step_s / optimal / MAX_VELOCITY
        longer = 1 + self.change * (1 - activation)
        active = self.curves["activeForceLength"](fibre / optimal / longer)
        passive = self.curves["passiveForceLength"](fibre / optimal)
        speed = self.curves["forceVelocity"](velocity)
        cosine = np.sqrt(1 - min(thickness / fibre, 1.0) ** 2)
        return cosine * (activation * active * speed + passive + self.damping * velocity)

    def stiff(self, excitation, length, step_s):
        """Return forces along a stiff tendon, N."""
        thickness = self["optimalFiberLength"] * np.sin(np.radians(self["pennationAngle"]))
        fibre = np.hypot(length - self["tendonSlackLength"], thickness)
        before = np.concatenate([fibre[:1], fibre[:-1]])
        steps = zip(fibre, before, self.activation(excitation), strict=True)
        forces = [self.fibre_force(now, then, step_s, a) for now, then, a in steps]
        return self.strongest * np.maximum(forces, 0.0)

    def elastic(self, excitation, length, step_s):
        """Return forces along an elastic tendon, N, from a balance at rest on."""
        slack = self["tendonSlackLength"]
        thickness = self["optimalFiberLength"] * np.sin(np.radians(self["pennationAngle"]))
        forces, before = [], None
        for total, a in zip(length, self.activation(excitation), strict=True):

            def imbalance(along, total=total, a=a, before=before):
                fibre = np.hypot(along, thickness)
                then = fibre if before is None else before
                pull = self.fibre_force(fibre, then, step_s, a)
                return self.tendon(total / slack - along / slack - 1) - pull

            along = brentq(imbalance, 0.2 * self["optimalFiberLength"], total - 0.5 * slack)
            before = np.hypot(along, thickness)
            forces.append(self.tendon(total / slack - along / slack - 1))
        return self.strongest * np.array(forces)


def read_muscles(file):
    """Return the muscles of a CEINMS-RT subject by name."""
    root = ElementTree.parse(file).getroot()
    defaults = root.find("muscleDefault")
    curves = {
        curve.findtext("name"): spline(
            *(numbers(curve.findtext(axis)) for axis in ("xPoints", "yPoints"))
        )
        for curve in defaults.findall("Curve")
    }
    change, damping = (float(defaults.findtext(t)) for t in ("percentageChange", "damping"))
    return {
        muscle.findtext("name"): Muscle({f.tag: f.text for f in muscle}, curves, change, damping)
        for muscle in root.find("muscles")
    }
