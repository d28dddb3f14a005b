"""An open LSL inlet, pulled by the fast half of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.streams.base import Array
from pipeline.streams.channels import Picked
from pipeline.streams.lsl.liblsl import describe, sample_type

if TYPE_CHECKING:
    import pylsl

BUFFER_S = 2
"""What liblsl keeps for us, s: a longer buffer would only hand out older samples."""


class Connection:
    """An open inlet: what the fast half pulls from.

    Parameters
    ----------
    info
        Full description of the stream.
    inlet
        The open inlet.
    columns
        How the wanted channels are made of the sender's.
    """

    def __init__(self, info: pylsl.StreamInfo, inlet: pylsl.StreamInlet, columns: Picked) -> None:
        self.name = describe(info)
        self.columns = columns
        self._inlet = inlet
        rows = int(BUFFER_S * info.nominal_srate()) + 1024
        self._buffer = np.empty((rows, info.channel_count()), dtype=sample_type(info))

    def pull(self, wait_s: float = 0.0, least: int = 1) -> tuple[Array, NDArray[Any]]:
        """Return the stamps on the sender's clock, shape [n], and the samples.

        The samples are a view that the next call overwrites, shape [n, all channels]. Where there
        are less than `least`, it waits for them, `wait_s` at most.

        Raises
        ------
        pylsl.util.LostError
            If the stream is gone.
        """
        _, stamps = self._inlet.pull_chunk(
            timeout=wait_s,
            max_samples=len(self._buffer),
            dest_obj=self._buffer,
            min_samples=least if wait_s else None,
        )
        return np.array(stamps, dtype=np.float64), self._buffer[: len(stamps)]
