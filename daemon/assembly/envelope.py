"""The EMG envelope of a configuration."""

from __future__ import annotations

from daemon.config import Config
from pipeline.emg.envelope import Envelope


def build_envelope(config: Config) -> Envelope:
    """Return the envelope of a configuration; the keys of its section are those of `Envelope`.

    Raises
    ------
    UserError
        If the stream cannot carry the band.
    """
    emg, section = config.streams.emg, config.envelope
    return Envelope(
        emg.channels,
        emg.rate_hz,
        **{key: getattr(section, key) for key in type(section).model_fields if key != "scaled_to"},
        max_gap_s=config.streams.max_gap_s,
    )
