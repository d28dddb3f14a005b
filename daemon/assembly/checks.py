"""Everything in a valid configuration that does not fit together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from pipeline.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config import Config
    from daemon.config.body import ModelConfig
    from pipeline.geometry import ModelFile


def checked_config(name: str, subject: Path | None = None) -> Config:
    """Return a configuration in which everything fits together.

    Parameters
    ----------
    name
        A path, or the bare name of a set-up that is shipped.
    subject
        Subject file to start from instead of the one that the configuration names.

    Raises
    ------
    UserError
        If it does not; the message lists every mistake.
    """
    from daemon.config import config_path, load_config

    config, whose = load_config(name), str(config_path(name))
    if subject is not None:
        model = config.model.model_copy(update={"subject": subject})
        config = config.model_copy(update={"model": model})
        whose += f" with the subject '{subject}'"
    if found := list(mistakes(config)):
        count = "one mistake" if len(found) == 1 else f"{len(found)} mistakes"
        raise UserError("\n  ".join([f"{whose} has {count}:", *found]))
    return config


def mistakes(config: Config) -> Iterator[str]:
    """Yield a sentence for everything in a valid configuration that does not fit together."""
    from pipeline.geometry import load_model

    yield from _refused(lambda: _try_envelope(config))
    yield from _refused(lambda: _try_keys(config))
    yield from _refused(lambda: _try_ros2(config))
    yield from _mvc_mistakes(config)
    yield from _window_mistakes(config)
    yield from _reference_mistakes(config)
    try:
        model = load_model(config.model.file)
    except UserError as error:
        yield str(error)
        return
    yield from _coordinate_mistakes(config, model)
    yield from _muscle_mistakes(config, model)
    yield from _muscles_message_mistakes(config, model)
    yield from _subject_mistakes(config, model)
    if config.torque_free:
        yield from _refused(lambda: _try_limb(config))


def _refused(attempt: Callable[[], object]) -> Iterator[str]:
    try:
        attempt()
    except UserError as error:
        yield str(error)


def _try_envelope(config: Config) -> None:
    from pipeline.emg.envelope import check_rate

    if config.envelope.kind == "raw":
        check_rate(config.streams.emg.rate_hz, config.envelope.band_hz, config.envelope.lowpass_hz)


def _muscles_message_mistakes(config: Config, model: ModelFile) -> Iterator[str]:
    """Yield that what all muscles do is too much for a message."""
    from daemon.assembly.model import in_use
    from pipeline.output.message import MusclesMessage

    if not config.output.muscles_hz:
        return
    try:
        count = len(in_use(config, model).muscles)
    except UserError:
        return  # a muscle is not in the file, which has been told with its place
    joints = len(config.model.dofs)
    if count > (most := MusclesMessage.most_muscles(joints)):
        yield (
            f"output.muscles_hz: what {count} muscles do does not fit into a message, which tells "
            f"of at most {most} over {joints} joints; use fewer, or set muscles_hz to 0."
        )


def _try_limb(config: Config) -> None:
    from daemon.assembly.skeleton import motion_pairing

    motion_pairing(config)


def _try_ros2(config: Config) -> None:
    from pipeline.streams.ros2.names import domain
    from pipeline.streams.ros2.needs import load_dds

    streams = [getattr(config.streams, key) for key in config.streams.roles]
    used = [one for one in streams if one is not None and one.transport == "ros2"]
    for part in [*used, *filter(None, [config.output.ros2])]:
        domain(part.domain_id)
        load_dds()


def _try_keys(config: Config) -> None:
    from daemon.assembly.keys import ConfiguredKeys

    keys = ConfiguredKeys(config)
    streams = config.streams
    for stream in filter(None, (getattr(streams, key) for key in streams.roles)):
        keys.sender(stream.server_key)
    keys.sender(config.calibrator.server_key)


def _try_subject(config: Config, model: ModelFile) -> None:
    from daemon.assembly.subject import starting_muscles

    starting_muscles(config, model)


def _subject_mistakes(config: Config, model: ModelFile) -> Iterator[str]:
    from daemon.assembly.model import in_use

    try:
        used = in_use(config, model)
    except UserError:
        return  # a muscle is not in the file, which has been told with its place
    yield from _refused(lambda: _try_subject(config, used))


def _mvc_mistakes(config: Config) -> Iterator[str]:
    used = {channel for channels in config.model.muscles.values() for channel in channels}
    missing = [
        name
        for name in config.streams.emg.channels
        if name in used and name not in config.envelope.mvc
    ]
    if config.envelope.kind == "raw" and missing:
        yield (
            f"envelope.mvc has no value for {', '.join(missing)}; raw EMG means nothing without. "
            "Give each its envelope at maximum voluntary contraction in V, for a start 5e-4, and "
            "record it with 'hillstream ctl mvc start'."
        )


def _window_mistakes(config: Config) -> Iterator[str]:
    calibrator = config.calibrator
    if calibrator.burn_in_s >= calibrator.segment_s:
        yield (
            f"calibrator.burn_in_s ({calibrator.burn_in_s:g} s) leaves nothing of a trial; "
            f"set it below calibrator.segment_s ({calibrator.segment_s:g} s)."
        )
    least = calibrator.holdout_s + calibrator.burn_in_s
    if calibrator.min_data_s <= least:
        yield (
            f"calibrator.min_data_s ({calibrator.min_data_s:g} s) leaves the first update nothing "
            "to learn from; set it above calibrator.holdout_s and burn_in_s together "
            f"({least:g} s)."
        )
    for key in ("segment_s", "holdout_s", "min_data_s"):
        value = getattr(calibrator, key)
        if value > calibrator.window_s:
            yield (
                f"calibrator.{key} ({value:g} s) does not fit into calibrator.window_s "
                f"({calibrator.window_s:g} s); lower it."
            )


def _reference_mistakes(config: Config) -> Iterator[str]:
    moments = config.streams.moments
    if moments is None:
        return
    for dof in config.model.dofs:
        if dof not in moments.channels:
            yield (
                f"model.dofs: '{dof}' has no channel in streams.moments "
                f"({', '.join(moments.channels)}); add it or leave the DOF out."
            )


def _coordinate_mistakes(config: Config, model: ModelFile) -> Iterator[str]:
    known = model.coordinate_names
    angles, fixed = config.streams.angles.channels, config.model.fixed_angles_rad
    for place, names in (
        ("streams.angles.channels", angles),
        ("model.fixed_angles_rad", fixed),
        ("model.dofs", config.model.dofs),
    ):
        for name in names:
            if name not in known:
                yield f"{place}: '{name}' is no coordinate of the model ({', '.join(known)})."
    given = Counter([*angles, *fixed])
    for name in known:
        if given[name] != 1:
            yield (
                f"Coordinate '{name}' of the model has {given[name]} angles; name it once, in "
                "streams.angles.channels or in model.fixed_angles_rad."
            )


def _muscle_mistakes(config: Config, model: ModelFile) -> Iterator[str]:
    known = model.muscle_names
    groups, simulation = config.calibrator.strength_groups, config.simulation
    places = {
        "model.muscles": list(config.model.muscles),
        "model.use_muscles": _listed_beside(config.model),
        **{f"calibrator.strength_groups.{name}": members for name, members in groups.items()},
        "simulation.strength": list(simulation.strength),
        "simulation.optimal_fibre_length": list(simulation.optimal_fibre_length),
        "simulation.tendon_slack_length": list(simulation.tendon_slack_length),
    }
    for place, muscles in places.items():
        for muscle in muscles:
            if muscle not in known:
                yield f"{place}: '{muscle}' is no muscle of the model ({', '.join(known)})."
    for muscle, count in Counter(m for members in groups.values() for m in members).items():
        if count > 1:
            yield f"calibrator.strength_groups names '{muscle}' {count} times; once is enough."


def _listed_beside(section: ModelConfig) -> list[str]:
    """Return the muscles that are listed without having an EMG channel."""
    listed = section.use_muscles if isinstance(section.use_muscles, list) else []
    return [muscle for muscle in listed if muscle not in section.muscles]
