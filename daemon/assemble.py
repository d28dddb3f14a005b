"""From a configuration to the parts of the pipeline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from daemon import limb
from daemon.config import Config, StreamConfig
from daemon.keys import ConfiguredKeys
from pipeline.align import Aligner, ReferencePairing
from pipeline.calibrate.body import BodySpace
from pipeline.calibrate.calibrator import Calibrator, Settings
from pipeline.calibrate.deep import DeepMuscles
from pipeline.calibrate.hybrid import HybridSettings
from pipeline.calibrate.synergist import Synergist
from pipeline.chain import REFERENCE_WAIT_S, Chain
from pipeline.channel_faults import FaultLimits
from pipeline.channel_watch import ChannelWatch
from pipeline.drive import Drive
from pipeline.envelope import Envelope
from pipeline.errors import UserError
from pipeline.geometry import Geometry, ModelFile, load_model
from pipeline.model.parameters import ParameterSpace, Rule
from pipeline.model.subject import CALIBRATED, Subject, load_subject
from pipeline.motion_pairing import MotionPairing
from pipeline.predict import HandOver, Predictor
from pipeline.streams.base import Source, StreamSpec
from pipeline.streams.units import to_si

LARGEST = {"emg": 1e6, "angles": 100.0, "moments": 1e5, "external": 1e5, "accelerations": 1e5}
"""By stream, a magnitude that cannot be: V (or 1 of a ready envelope), rad, N*m, rad/s^2."""


def stream_specs(config: Config) -> list[StreamSpec]:
    """Return what the pipeline wants from each stream; angles and moments in the model's order."""
    streams = config.streams
    specs = [
        _spec("emg", streams.emg, streams.emg.channels, config.failover.enabled),
        _spec("angles", streams.angles, streams.angles.channels),
    ]
    if streams.moments is not None:
        missing = [dof for dof in config.model.dofs if dof not in streams.moments.channels]
        if missing:
            raise UserError(
                f"streams.moments lacks the channels {missing} that model.dofs names; add them "
                "there or leave the joints out of model.dofs."
            )
        specs.append(_spec("moments", streams.moments, config.model.dofs, keep_nonfinite=True))
    if streams.external is not None:
        channels = streams.external.channels
        specs.append(_spec("external", streams.external, channels, keep_nonfinite=True))
    if streams.accelerations is not None:
        channels = streams.accelerations.channels
        specs.append(_spec("accelerations", streams.accelerations, channels))
    return specs


def _spec(
    key: str, stream: StreamConfig, channels: list[str], keep_nonfinite: bool = False
) -> StreamSpec:
    return StreamSpec(
        key=key,
        channels=tuple(channels),
        rate_hz=stream.rate_hz,
        to_si=to_si(key, stream.unit),
        keep_nonfinite=keep_nonfinite,
        latency_s=stream.latency_s,
        largest=LARGEST[key],
    )


def sources(config: Config) -> list[Source]:
    """Return the live sources of a configuration, not yet opened."""
    return [
        _source(spec, getattr(config.streams, spec.key), config) for spec in stream_specs(config)
    ]


def _source(spec: StreamSpec, stream: StreamConfig, config: Config) -> Source:
    stale_after_s = config.streams.stale_after_s
    if stream.transport == "zmq":
        from pipeline.streams.zeromq import ZmqSource

        return ZmqSource(
            spec,
            address=stream.address or "",
            stale_after_s=stale_after_s,
            keys=ConfiguredKeys(config).sender(stream.server_key),
        )
    from pipeline.streams.lsl import LslSource

    return LslSource(
        spec, name=stream.name, source_id=stream.source_id, stale_after_s=stale_after_s
    )


def generic_subject(model: ModelFile) -> Subject:
    """Return the person a model file describes, of whom nothing has been measured."""

    def each(field: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.array([getattr(muscle, field) for muscle in model.muscles])

    return Subject.generic(
        muscles=model.muscle_names,
        max_isometric_force=each("max_isometric_force_n"),
        optimal_fibre_length=each("optimal_fibre_length_m"),
        tendon_slack_length=each("tendon_slack_length_m"),
        pennation=each("pennation_at_optimal_rad"),
        max_velocity=each("max_contraction_velocity_per_s"),
    )


def starting_subject(config: Config, model: ModelFile) -> Subject:
    """Return the parameters a run starts from, with the bones believed where they are identified.

    Raises
    ------
    UserError
        If the subject has other muscles than the model, or the skeleton other joints.
    """
    return replace(_starting_muscles(config, model), bones=limb.bones_believed(config))


def _starting_muscles(config: Config, model: ModelFile) -> Subject:
    """Return the configured subject, or the generic one."""
    if config.model.subject is None:
        return generic_subject(model)
    subject = load_subject(config.model.subject)
    if subject.muscles != model.muscle_names:
        raise UserError(
            f"Subject '{config.model.subject}' has the muscles {list(subject.muscles)}, but the "
            f"model '{config.model.file}' has {list(model.muscle_names)}."
        )
    return subject


def chain(config: Config, subject: Subject, version: int = 0) -> Chain:
    """Return the way of a sample for a configuration.

    Raises
    ------
    UserError
        If the configuration does not fit the model file or the streams cannot carry the band.
    """
    model = load_model(config.model.file)
    _check_muscles(config, model)
    streams, rate_hz = config.streams, config.model.rate_hz
    envelope, failover = _envelope(config), config.failover
    return Chain(
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
        drive=Drive(
            model.muscle_names,
            streams.emg.channels,
            config.model.muscles,
            rate_hz,
            failover.fade_s,
        ),
        geometry=Geometry(
            model, streams.angles.channels, config.model.dofs, config.model.fixed_angles_rad
        ),
        predictor=Predictor(subject, rate_hz, _hand_over(config), version),
        pairing=_pairing(config),
        rate_hz=rate_hz,
        delay_s=max(0.0, config.model.electromechanical_delay_s - envelope.group_delay_s),
    )


def _pairing(config: Config) -> ReferencePairing | MotionPairing | None:
    """Return what brings the reference onto the rows, or None where there is no reference."""
    if config.torque_free:
        return limb.motion_pairing(config)
    moments = config.streams.moments
    if moments is None:
        return None
    rate_hz = max(config.model.rate_hz, moments.rate_hz)
    return ReferencePairing(
        moments.rate_hz,
        config.model.dofs,
        config.streams.max_gap_s,
        capacity=round(2 * REFERENCE_WAIT_S * rate_hz),
    )


def _hand_over(config: Config) -> HandOver:
    return HandOver(config.output.hand_over_s, config.output.hand_over_limit_nm_per_s)


def _envelope(config: Config) -> Envelope:
    settings = config.envelope
    return Envelope(
        config.streams.emg.channels,
        config.streams.emg.rate_hz,
        settings.kind,
        settings.band_hz,
        settings.band_order,
        settings.lowpass_hz,
        settings.lowpass_order,
        settings.mvc,
        settings.baseline,
        config.streams.max_gap_s,
    )


def _watch(config: Config) -> ChannelWatch:
    emg, settings = config.streams.emg, config.failover
    return ChannelWatch(
        emg.channels,
        emg.rate_hz,
        FaultLimits(flat=settings.flat, loud=settings.loud_mvc, line_hz=settings.line_hz),
        settings.return_s,
        raw=config.envelope.kind == "raw",
    )


def _check_muscles(config: Config, model: ModelFile) -> None:
    groups = {m for group in config.calibrator.strength_groups.values() for m in group}
    strange = sorted((set(config.model.muscles) | groups) - set(model.muscle_names))
    if strange:
        raise UserError(
            f"The configuration names the muscles {strange}, which the model "
            f"'{config.model.file}' does not have; it has {list(model.muscle_names)}."
        )


def parameter_space(config: Config, prior: Subject, device: str) -> ParameterSpace:
    """Return the free parameters and their bounds; with the bones where motion is the reference."""
    section = config.calibrator.parameters
    rules = {n: Rule(getattr(section, n).free, getattr(section, n).bounds) for n in CALIBRATED}
    groups = list(config.calibrator.strength_groups.values())
    if config.torque_free:
        return BodySpace(prior, rules, limb.bones(config), groups, torch.float32, device)
    return ParameterSpace(prior, rules, groups, torch.float32, device)


def device(config: Config) -> str:
    """Return where the calibrator computes.

    Raises
    ------
    UserError
        If CUDA is asked for and there is none.
    """
    wanted = config.calibrator.device
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "calibrator.device = 'cuda', but this machine has no CUDA device that torch can use; "
            "set it to 'auto' or 'cpu'."
        )
    return wanted


def calibrator(config: Config, start: Subject, version: int = 0) -> Calibrator:
    """Return the calibrator of a configuration.

    Parameters
    ----------
    start
        Parameters it starts from; the prior stays the generic subject of the model file.
    version
        Version of those parameters.
    """
    prior = generic_subject(load_model(config.model.file))
    c = config.calibrator
    settings = Settings(
        window_s=c.window_s,
        stride_s=c.stride_s,
        segment_s=c.segment_s,
        burn_in_s=c.burn_in_s,
        steps=c.steps,
        learning_rate=c.learning_rate,
        learning_rate_floor=c.learning_rate_floor,
        geometry_pace=c.geometry_pace,
        weight_decay=c.weight_decay,
        prior_weight=c.prior_weight,
        holdout_s=c.holdout_s,
        min_data_s=c.min_data_s,
        memory=c.memory,
        replay=c.replay,
        memory_share=c.memory_share,
    )
    space = parameter_space(config, prior, device(config))
    synergist = _synergist(config, prior) if config.failover.enabled else None
    learns_from = limb.limb(config) if config.torque_free else None
    return Calibrator(
        space,
        config.model.rate_hz,
        settings,
        start,
        version,
        synergist,
        learns_from,
        _deep(config, prior),
    )


def _recorded(config: Config, prior: Subject) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which muscles have electrodes, shape [muscle]."""
    return np.array([muscle in config.model.muscles for muscle in prior.muscles])


def _synergist(config: Config, prior: Subject) -> Synergist:
    wanted = HybridSettings(count=config.synergies.count, least_vaf=config.synergies.least_vaf)
    left_alone = config.calibrator.without_electrodes == "least_squares"
    return Synergist(_recorded(config, prior), wanted, device(config), left_alone)


def _deep(config: Config, prior: Subject) -> DeepMuscles | None:
    """Return the muscles whose forces close the equation, None where there are none."""
    recorded = _recorded(config, prior)
    if config.calibrator.without_electrodes != "least_squares" or recorded.all():
        return None
    strongest = config.calibrator.parameters.strength.bounds[1]
    most = torch.as_tensor(strongest * prior.max_isometric_force, dtype=torch.float32)
    where = device(config)
    return DeepMuscles(torch.as_tensor(~recorded, device=where), most.to(where))
