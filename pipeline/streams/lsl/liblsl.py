"""The needs of hillstream beyond pylsl, and the conditions on which a stream is accepted."""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import UserError
from pipeline.streams.base import StreamSpec
from pipeline.streams.channels import Picked, pick_channels
from pipeline.streams.intake import check_rate
from pipeline.streams.units import known_unit, to_si, units_of, units_with_factor

if TYPE_CHECKING:
    import pylsl

LIBLSL_FIX = (
    "install liblsl with `conda install -c conda-forge liblsl` on x86-64, with `apt install "
    "liblsl2` where Debian has it, or with the package for this system from "
    "https://github.com/sccn/liblsl/releases (`apt install ./liblsl-*.deb`); on ARM build it from "
    "its source as docs/small-board.md says; if it lies elsewhere, set PYLSL_LIB to the path of "
    "liblsl.so. ZeroMQ streams work without it"
)


def load_pylsl() -> Any:
    """Import pylsl, which loads the liblsl library, at the first use of LSL.

    Raises
    ------
    UserError
        If pylsl or liblsl is missing. The wheels of pylsl for aarch64 and for glibc older than
        2.35 come without liblsl.
    """
    try:
        return importlib.import_module("pylsl")
    except (ImportError, RuntimeError, OSError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(". ")
        raise UserError(f"LSL cannot be used ({reason}); {LIBLSL_FIX}.") from error


def describe(info: pylsl.StreamInfo) -> str:
    """Return how a sentence calls a stream."""
    return f"LSL stream '{info.name()}'"


def channel_names(info: pylsl.StreamInfo) -> list[str]:
    """Return the channels' labels; a channel without a label is called by its number, from 1.

    Parameters
    ----------
    info
        Full description, as an inlet returns it (a resolver's is without channels).
    """
    return [label or str(number) for number, label in enumerate(_labels(info), start=1)]


def channel_units(info: pylsl.StreamInfo) -> list[str]:
    """Return the units the channels state; empty where one states none."""
    units = [channel.child_value("unit") for channel in _channels(info)]
    return units + [""] * (info.channel_count() - len(units))


def _labels(info: pylsl.StreamInfo) -> list[str]:
    """Return the labels the channels state, some as a name; empty where one states none."""
    told = _channels(info)
    labels = [one.child_value("label") or one.child_value("name") for one in told]
    return labels + [""] * (info.channel_count() - len(labels))


def _channels(info: pylsl.StreamInfo) -> Iterator[Any]:
    channel = info.desc().child("channels").child("channel")
    for _ in range(info.channel_count()):
        if channel.empty():
            return
        yield channel
        channel = channel.next_sibling("channel")


def sample_type(info: pylsl.StreamInfo) -> np.dtype[Any]:
    """Return the type of a stream's samples.

    Raises
    ------
    UserError
        If they are not numbers.
    """
    kind = {1: "f4", 2: "f8", 4: "i4", 5: "i2", 6: "i1", 7: "i8"}.get(info.channel_format())
    if kind is None:
        raise UserError(f"{describe(info)} carries text, not samples; name another stream.")
    return np.dtype(kind)


def accepted_columns(info: pylsl.StreamInfo, spec: StreamSpec) -> Picked:
    """Return how the wanted channels are made of those of a stream that is as wanted.

    Parameters
    ----------
    info
        Full description of the stream.
    spec
        What is wanted. A nominal rate of 0 (irregular) is accepted.

    Raises
    ------
    UserError
        If the samples are not numbers, the nominal rate differs by more than 10 %, a channel is
        missing, or a channel states another unit than the configured one, or one that is unknown.
    """
    sample_type(info)
    if nominal := info.nominal_srate():
        check_rate(nominal, spec, describe(info))
    _refuse_unlabelled(info, spec)
    columns = pick_channels(spec.channels, channel_names(info), describe(info), spec.origins)
    units = channel_units(info)
    for place, name in enumerate(spec.channels):
        for column in columns.used(place):
            _check_unit(info, spec, name, units[column])
    return columns


def _refuse_unlabelled(info: pylsl.StreamInfo, spec: StreamSpec) -> None:
    """Refuse names where the sender states none: only the set-up can say which channel is which."""
    if any(_labels(info)):
        return
    numbers = set(channel_names(info))
    if nameless := [name for name in spec.channels if name not in {*spec.origins, *numbers}]:
        raise UserError(
            f"{describe(info)} states no channel labels; say in [streams.{spec.key}.from] which of "
            f"its {info.channel_count()} channels are meant, by place from 1, such as "
            f"{nameless[0]} = 1."
        )


def _check_unit(info: pylsl.StreamInfo, spec: StreamSpec, channel: str, stated: str) -> None:
    if not stated.strip():
        return
    whose = f"{describe(info)} states the unit {stated} for channel '{channel}'"
    unit = known_unit(spec.key, stated)
    if unit is None:
        raise UserError(
            f"{whose}, which is none that {spec.key} may have ({units_of(spec.key)}); correct the "
            "sender's description, or leave its unit empty and give it in the configuration."
        )
    if to_si(spec.key, unit, spec.scales) != spec.to_si:
        raise UserError(
            f"{whose}, but the configuration says "
            f"{units_with_factor(spec.key, spec.to_si, spec.scales)}; set "
            f'streams.{spec.key}.unit = "{unit}", or correct the sender.'
        )


def measure_clock(inlet: pylsl.StreamInlet, timeout_s: float) -> tuple[float, float]:
    """Return the correction from the sender's clock to ours and its uncertainty, s.

    The first call of an inlet takes about 0.6 s (liblsl sends probes); later ones return the
    newest of liblsl's own periodic measurements at once.

    Raises
    ------
    pylsl.util.TimeoutError, pylsl.util.LostError
        If no measurement came back in time, or the stream is gone.
    """
    pylsl = load_pylsl()
    function = pylsl.lib.lib.lsl_time_correction_ex
    function.restype = ctypes.c_double
    remote, uncertainty, error = ctypes.c_double(), ctypes.c_double(), ctypes.c_int()
    offset: float = function(
        inlet.obj,
        ctypes.byref(remote),
        ctypes.byref(uncertainty),
        ctypes.c_double(timeout_s),
        ctypes.byref(error),
    )
    pylsl.util.handle_error(error)
    return offset, uncertainty.value
