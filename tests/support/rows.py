"""Paired rows of a simulated movement, as a predictor sends them."""

import numpy as np

from pipeline.timebase.rows import PairedRows


def rows_at(
    t: np.ndarray, muscles: int, dofs: int, length: np.ndarray, seed: int = 0
) -> PairedRows:
    """Return rows on which something can be learnt.

    Parameters
    ----------
    t
        Times, s.
    length
        Muscle-tendon length about which the muscles move, m, shape [muscle].
    seed
        Names the person: another moves otherwise.
    """
    phase = 2 * np.pi * (t[:, None] + np.arange(muscles) / muscles + 0.1 * seed)
    arms = np.where(np.arange(dofs)[:, None] == np.arange(muscles) % dofs, 0.03, 0.0)
    moment_arm = np.broadcast_to(arms, (len(t), dofs, muscles)).copy()
    excitation = 0.3 + 0.25 * np.sin(phase)
    return PairedRows(
        t=t,
        excitation=excitation,
        length=length * (1.0 + 0.02 * np.cos(phase)),
        moment_arm=moment_arm,
        moment=(700.0 + 50.0 * seed) * np.einsum("dm,nm->nd", arms, excitation),
        valid=np.ones(len(t), dtype=bool),
        measured=np.ones((len(t), muscles), dtype=bool),
    )
