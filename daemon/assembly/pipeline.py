"""The live pipeline of a configuration."""

from __future__ import annotations

from daemon.assembly.envelope import build_envelope
from daemon.assembly.model import model_in_use
from daemon.assembly.skeleton import motion_pairing
from daemon.assembly.subject import delay_of
from daemon.config import Config
from pipeline.emg.channel_faults import FaultLimits
from pipeline.emg.channel_watch import ChannelWatch
from pipeline.emg.mapping import ExcitationMapper
from pipeline.geometry import Geometry
from pipeline.live import LivePipeline
from pipeline.model.subject import Subject
from pipeline.predict import CrossFade, Predictor
from pipeline.timebase.align import Aligner, ReferencePairing
from pipeline.timebase.motion_pairing import MotionPairing
from pipeline.timebase.pairing import REFERENCE_WAIT_S


def build_pipeline(config: Config, subject: Subject, version: int = 0) -> LivePipeline:
    """Return the way of a sample for a configuration in which everything fits together.

    Raises
    ------
    UserError
        If the model file cannot be read or the streams cannot carry the band.
    """
    model = model_in_use(config)
    streams, rate_hz = config.streams, config.model.rate_hz
    envelope, failover = build_envelope(config), config.failover
    return LivePipeline(
        watch=_watch(config) if failover.enabled else None,
        envelope=envelope,
        aligner=Aligner(
            rate_hz,
            streams.emg.channels,
            streams.angles.channels,
            streams.max_gap_s,
            emg_rate_hz=streams.emg.rate_hz,
            angle_rate_hz=streams.angles.rate_hz,
            angle_mode=streams.angle_mode,
        ),
        mapper=ExcitationMapper(
            model.muscle_names,
            streams.emg.channels,
            config.model.muscles,
            rate_hz,
            failover.fade_s,
        ),
        geometry=Geometry(
            model, streams.angles.channels, config.model.dofs, config.model.fixed_angles_rad
        ),
        predictor=Predictor(
            subject, rate_hz, _cross_fade(config), version, config.output.muscles_hz > 0
        ),
        pairing=_pairing(config),
        rate_hz=rate_hz,
        delay_s=max(0.0, delay_of(config, subject) - envelope.group_delay_s),
    )


def _pairing(config: Config) -> ReferencePairing | MotionPairing | None:
    """Return what brings the reference onto the rows, or None where there is no reference."""
    if config.torque_free:
        return motion_pairing(config)
    moments = config.streams.moments
    if moments is None:
        return None
    return ReferencePairing(
        moments.rate_hz,
        config.model.dofs,
        config.streams.max_gap_s,
        capacity=round(2 * REFERENCE_WAIT_S * moments.rate_hz),
    )


def _cross_fade(config: Config) -> CrossFade:
    return CrossFade(config.output.cross_fade_s, config.output.cross_fade_limit_nm_per_s)


def _watch(config: Config) -> ChannelWatch:
    emg, settings = config.streams.emg, config.failover
    return ChannelWatch(
        emg.channels,
        emg.rate_hz,
        FaultLimits(flat=settings.flat, loud=settings.max_amplitude_mvc, line_hz=settings.line_hz),
        settings.return_s,
        raw=config.envelope.kind == "raw",
    )
