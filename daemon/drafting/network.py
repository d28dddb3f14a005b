"""What is on the network now: LSL streams, heard for some seconds."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np

from daemon.drafting.offer import Offer, OfferedStream, measured
from pipeline.errors import UserError
from pipeline.streams.lsl.liblsl import channel_names, channel_units, load_pylsl, sample_type
from pipeline.streams.lsl.sought import described
from pipeline.streams.lsl.visible import full_description, visible_streams
from pipeline.streams.own import is_own
from pipeline.streams.roles import NEEDED, ROLES, role_told
from pipeline.streams.units import known_unit

HEAR_S = 3.0
"""How long the streams are heard, s."""
WANTED = ("emg", "angles", "moments")


def of_network(named: Mapping[str, str]) -> Offer:
    """Return what the LSL streams on the network offer.

    Parameters
    ----------
    named
        Name or source_id of the stream of a role, where that is said by hand.

    Raises
    ------
    UserError
        If LSL cannot be used, a stream that is named is not there, or several could be one role's.
    """

    def has_all(seen: Sequence[Any]) -> bool:
        names = {name for info in seen for name in (info.name(), info.source_id())}
        roles = named.keys() | {_role(info) for info in _of_others(seen)}
        return names.issuperset(named.values()) and roles.issuperset(NEEDED)

    visible = _of_others(visible_streams(has_all))
    chosen = {role: _of_role(role, visible, named.get(role)) for role in WANTED}
    streams = _heard({role: info for role, info in chosen.items() if info is not None})
    return Offer("the network", HEAR_S, streams)


def _of_others(seen: Sequence[Any]) -> list[Any]:
    """Return the streams that are no output of this program."""
    return [info for info in seen if not is_own(info.name(), info.source_id())]


def _of_role(role: str, visible: Sequence[Any], name: str | None) -> Any:
    """Return the stream of a role, None where there is none."""
    if name is not None:
        fitting = [info for info in visible if name in (info.name(), info.source_id())]
    else:
        fitting = [info for info in visible if _role(info) == role]
    if name is not None and not fitting:
        names = ", ".join(sorted(info.name() for info in visible)) or "none"
        raise UserError(f"No LSL stream is called '{name}'; those on the network are {names}.")
    if len(fitting) > 1:
        listed = "; ".join(f"'{info.name()}' ({described(info)})" for info in fitting)
        raise UserError(
            f"{len(fitting)} LSL streams could be the {role}: {listed}. Say which with "
            f"--{role}-stream NAME, its name or source_id."
        )
    return fitting[0] if fitting else None


def _role(info: Any) -> str | None:
    kind = info.type().strip().lower()
    by_type = [key for key in WANTED if kind in ROLES[key].recorded_types]
    return by_type[0] if len(by_type) == 1 else role_told(info.type(), info.name())


def _heard(visible: Mapping[str, Any]) -> dict[str, OfferedStream]:
    """Read the streams of the roles for a while, and return what they are like."""
    pylsl, infos = load_pylsl(), {role: full_description(info) for role, info in visible.items()}
    for info in infos.values():
        sample_type(info)
    stamps: dict[str, list[float]] = {role: [] for role in infos}
    samples: dict[str, list[Any]] = {role: [] for role in infos}
    with ExitStack() as stack:
        inlets = {}
        for role, info in visible.items():
            inlets[role] = pylsl.StreamInlet(info, max_buflen=60, recover=False)
            stack.callback(inlets[role].close_stream)
        end = time.monotonic() + HEAR_S
        while time.monotonic() < end:
            for role, inlet in inlets.items():
                x, t = inlet.pull_chunk(timeout=0.05, max_samples=8192)
                samples[role].extend(x)
                stamps[role].extend(t)
    return {role: _offered(role, infos[role], stamps[role], samples[role]) for role in infos}


def _offered(
    role: str, info: Any, stamps: Sequence[float], samples: Sequence[Any]
) -> OfferedStream:
    units = {known_unit(role, unit) or "" for unit in channel_units(info) if unit.strip()}
    x = np.array(samples, dtype=float).reshape(-1, info.channel_count())
    return OfferedStream(
        info.name(),
        info.source_id(),
        tuple(channel_names(info)),
        units.pop() if len(units) == 1 else "",
        _rate_hz(info, stamps),
        *measured(x),
    )


def _rate_hz(info: Any, stamps: Sequence[float]) -> float:
    """Return the nominal rate, or that of the stamps where none is stated or it is far off.

    Raises
    ------
    UserError
        If there is neither.
    """
    nominal = float(info.nominal_srate())
    span = stamps[-1] - stamps[0] if len(stamps) > 1 else 0.0
    counted = (len(stamps) - 1) / span if span > 0 else 0.0
    if nominal and (not counted or abs(counted / nominal - 1) < 0.05):
        return nominal
    if not counted:
        raise UserError(
            f"LSL stream '{info.name()}' states no rate and sent nothing in {HEAR_S:g} s; start "
            "sending, then try again."
        )
    return counted
