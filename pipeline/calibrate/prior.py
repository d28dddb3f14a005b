"""The prior: what is known of a muscle before data, and how far data may move it.

A calibration has more parameters than a movement excites: walking hardly loads the quadriceps.
Where the data are silent a parameter must stay where anatomy puts it; where they speak, the prior
must not argue. A quadratic pull does the first and fails the second, since it grows with the
distance. The pull here is that of a Cauchy distribution: quadratic near the prior, so that a
weak gain in fit does not move a parameter, and ever weaker beyond its width, so that a parameter
which the data place far off pays a price for having left but none for staying there.
"""

from __future__ import annotations

from torch import Tensor

WIDTH = 2.0
"""Distance from the prior at which the pull is strongest, in units of the parameter vector.

The vector is the logit of a parameter's place between its bounds: from the middle, two units go
three quarters of the way to a bound.
"""


def distance(vector: Tensor, width: float = WIDTH) -> Tensor:
    """Return how far parameters are from their prior.

    Minus the logarithm of a Cauchy density, scaled to be the squared distance near zero.

    Parameters
    ----------
    vector
        Parameters as `ParameterSpace` has them, zero at the prior, shape [..., parameter].
    width
        Where the pull is strongest.

    Returns
    -------
    Tensor
        ``sum of width^2 log(1 + (z / width)^2)``, shape [...].
    """
    return width**2 * (vector / width).square().log1p().sum(-1)
