"""`hillstream check`: everything that can be wrong with a set-up before a person is wired up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.assembly.checks import checked_config
from daemon.commands.common import config_argument, examples
from daemon.terminal.console import console_for, say
from daemon.terminal.table import facts
from pipeline.streams.transports import TRANSPORT_NAMES

if TYPE_CHECKING:
    from daemon.config import Config, OutputConfig
    from pipeline.geometry import ModelFile
    from pipeline.model.subject import Subject


@click.command(
    epilog=examples(
        "Example:  hillstream check walking",
        "Next:     hillstream streams CONFIG   whether the streams are on the network",
    )
)
@config_argument()
def check(config_name: str) -> None:
    """Check a set-up without opening anything.

    Reads the configuration, the model and the subject, and tries what fits together: names, units,
    rates, filters, groups. Every mistake is listed, with exit status 2; otherwise a summary is
    shown.
    """
    config = checked_config(config_name)
    console_for().print(facts(config.title, _facts(config)))
    say(f"{config_name} is sound. Next: hillstream streams {config_name}")


def _facts(config: Config) -> Iterator[tuple[str, str]]:
    from daemon.assembly.model import model_in_use
    from daemon.assembly.subject import starting_subject

    yield from _stream_facts(config)
    model, calibrator = model_in_use(config), config.calibrator
    yield "model", f"{model.name}, {config.model.rate_hz:g} Hz, {', '.join(config.model.dofs)}"
    yield "muscles", _muscle_fact(config, model)
    yield "contraction", _contraction_fact(starting_subject(config, model))
    yield "subject", _subject_fact(config.model.subject)
    free = [k for k in type(calibrator.parameters).model_fields if _is_free(config, k)]
    yield (
        "calibrator",
        (
            f"{_place_of(config)}every {calibrator.stride_s:g} s over {calibrator.window_s:g} s, "
            f"{calibrator.steps} AdamW steps on {calibrator.device}, by {calibrator.reference}; "
            f"refines {', '.join(free)}"
            if config.calibrates
            else "off: the parameters stay as they are"
        ),
    )
    yield "output", _output_fact(config.output)
    yield "security", _security_fact(config)


def _place_of(config: Config) -> str:
    section = config.calibrator
    return "" if section.here else f"at {section.where}, "


def _output_fact(output: OutputConfig) -> str:
    ways = ", ".join(_ways_out(output))
    if not ways:
        return "none: nobody will hear it"
    return ways + (f"; each muscle at {output.muscles_hz:g} Hz" if output.muscles_hz else "")


def _ways_out(output: OutputConfig) -> Iterator[str]:
    if output.zmq:
        yield output.zmq
    if output.udp:
        yield f"UDP {output.udp}"
    if output.ros2:
        yield f"ROS 2 {output.ros2.topic}"
    if output.lsl:
        yield f"LSL '{output.lsl_name}-*'"


def _stream_facts(config: Config) -> Iterator[tuple[str, str]]:
    for key in config.streams.roles:
        stream = getattr(config.streams, key)
        if stream is None:
            if key == "moments" and not config.torque_free:
                yield key, "none: without a reference nothing is calibrated"
            continue
        yield (
            key,
            f"{len(stream.channels)} channels in {stream.unit} at {stream.rate_hz:g} Hz over "
            f"{TRANSPORT_NAMES[stream.transport]} ({stream.sought})",
        )


def _muscle_fact(config: Config, model: ModelFile) -> str:
    """Say how many muscles are used, what drives those without electrode, how many are not."""
    from daemon.assembly.model import left_out
    from pipeline.geometry import load_model

    silent = [name for name in model.muscle_names if name not in config.model.muscles]
    driver = f"without an EMG channel, {_silent_driver(config)}: {', '.join(silent)}"
    unused = len(left_out(config, load_model(config.model.file)))
    more = f"; {unused} more of the file cross these joints, see model.use_muscles"
    return f"{len(model.muscles)}, {driver if silent else 'all with EMG'}{more if unused else ''}"


def _silent_driver(config: Config) -> str:
    """Say what drives a muscle without electrode."""
    if not (config.calibrates and config.failover.enabled):
        return "so passive"
    if config.calibrator.without_electrodes == "least_squares":
        return "so passive but in calibration"
    return "driven by what the others do"


def _contraction_fact(subject: Subject) -> str:
    """Say which curves the muscles have, and whether their tendons stretch."""
    rigid = [name for name, one in zip(subject.muscles, subject.rigid, strict=True) if one]
    tendons = "elastic tendons"
    if rigid:
        whose = "" if len(rigid) == len(subject.muscles) else f" of {', '.join(rigid)}"
        tendons = f"rigid tendons{whose}"
    return f"curves {subject.curves}, {tendons}"


def _security_fact(config: Config) -> str:
    from daemon.assembly.keys import ConfiguredKeys

    if config.open_addresses:
        return f"none: {' and '.join(config.open_addresses)} open to the network"
    keys = ConfiguredKeys(config)
    if keys.data is None or keys.control is None:
        return "no keys; ZeroMQ ports on this machine only"
    listeners, operators = len(keys.data.allowed) - 1, len(keys.control.allowed)
    return f"keys for {listeners} listeners and {operators} operators"


def _subject_fact(subject: Path | None) -> str:
    return str(subject) if subject else "none: starts from the generic muscles"


def _is_free(config: Config, parameter: str) -> bool:
    return bool(getattr(config.calibrator.parameters, parameter).free)
