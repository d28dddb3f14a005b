"""The EMG of a set-up as a guided recording hears it."""

from __future__ import annotations

from dataclasses import replace

from daemon.assembly.envelope import build_envelope
from daemon.assembly.streams import build_source, stream_specs
from daemon.config import Config
from pipeline.emg.envelope import Envelope
from pipeline.errors import UserError
from pipeline.streams.base import Source


def emg_source(config: Config) -> Source:
    """Return the live EMG of a set-up, not yet opened; samples that are not finite are left out."""
    spec = next(spec for spec in stream_specs(config) if spec.key == "emg")
    return build_source(replace(spec, keep_nonfinite=False), config.streams.emg, config)


def bare_envelope(config: Config) -> Envelope:
    """Return the set-up's envelope, neither divided by an MVC nor freed of a resting level."""
    section = config.envelope.model_copy(update={"mvc": {}, "baseline": "none"})
    return build_envelope(config.model_copy(update={"envelope": section}))


def chosen_channels(config: Config, names: str | None) -> list[str]:
    """Return the channels named in a list with commas; those that drive muscles where None.

    Raises
    ------
    UserError
        If the stream has no such channel.
    """
    if names is None:
        return config.driving_channels
    chosen = list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    unknown = [name for name in chosen if name not in config.streams.emg.channels]
    if unknown or not chosen:
        raise UserError(
            f"--channels: the EMG has no channel {', '.join(unknown) or names!r}; it has "
            f"{', '.join(config.streams.emg.channels)}."
        )
    return chosen
