"""Times that wait for their reference, as rows do in the pipeline."""

import numpy as np


class WaitingTimes:
    """Asks a pairing for the reference at times, once it has passed them."""

    def __init__(self, pairing):
        self.push_reference = pairing.push_reference
        self.streams = pairing.streams
        self._pairing = pairing
        self._times = np.empty(0)

    def push_times(self, t):
        """Take new times, s, later than those before."""
        self._times = np.concatenate((self._times, t))

    def paired(self):
        """Return the times that the reference has passed since the last call, and its values."""
        n = self._pairing.reached(self._times)
        t, self._times = np.split(self._times, [n])
        return t, self._pairing.at(t)
