"""A set-up put together from a model and an offer, with all that was decided, guessed, left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from daemon.drafting.document import Content, document
from daemon.drafting.electrodes import Electrodes, match
from daemon.drafting.joints import Joints, chosen, side_of
from daemon.drafting.offer import Offer, OfferedStream
from pipeline.anatomy.names import plain, understood
from pipeline.errors import UserError
from pipeline.geometry import ModelFile, crossing
from pipeline.streams.roles import ROLES

Ask = Callable[[str, Sequence[str]], Sequence[str]]
"""Asks for muscles: a question, and what may be answered; an empty answer is a word too."""


@dataclass
class Draft:
    """What came of it.

    Parameters
    ----------
    text
        The set-up, TOML.
    decided, guessed, left_out
        What is to be told of it, a sentence each.
    """

    text: str
    decided: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the user asked for.

    Parameters
    ----------
    side
        ``r``, ``l``, or nothing to find it.
    title
        Of the set-up.
    model_file
        As the set-up is to name it.
    recordings
        As `Content.recordings`.
    notes
        What there is to say of the model.
    """

    side: str = ""
    title: str
    model_file: str
    recordings: Mapping[str, Sequence[str]]
    notes: Sequence[str] = ()


def joints_of(offer: Offer, known: Sequence[str], wanted: Sequence[str], side: str) -> Joints:
    """Return the joints that a set-up on this offer is about; raises UserError as `chosen`."""
    for role in ("emg", "angles"):
        if role not in offer.streams:
            raise UserError(
                f"There is no stream of {role} in {offer.origin}; say which file it is with "
                f"--{role} FILE, or start its sender."
            )
    channels = {role: stream.channels for role, stream in offer.streams.items()}
    return chosen(wanted, known, channels["angles"], channels.get("moments"), side)


def draft(offer: Offer, model: ModelFile, joints: Joints, wishes: Wishes, ask: Ask) -> Draft:
    """Return a set-up for a model and what there is.

    Parameters
    ----------
    joints
        As `joints_of` returns them.
    ask
        Is asked which muscles an electrode of unknown name lies over.

    Raises
    ------
    UserError
        If no electrode lies over a muscle of the model.
    """
    found = Draft("", guessed=list(wishes.notes))
    side = wishes.side or _one_side(joints.dofs)
    crossed = crossing(model, joints.dofs)
    muscles = [one for one in crossed if understood(one).side in ("", side) or not side]
    emg = offer.streams["emg"]
    electrodes = _asked(match(emg.channels, muscles, side), muscles, ask)
    if not electrodes.driven:
        raise UserError(
            f"No EMG channel is called after a muscle over {', '.join(joints.dofs)}: the channels "
            f"are {', '.join(emg.channels)}, the muscles {', '.join(muscles)}. Name the channels "
            "after their muscles (SOL, vastus lateralis ...), or write [model.muscles] by hand."
        )
    _tell_joints(found, joints, side, offer)
    _tell_electrodes(found, electrodes)
    content = _content(offer, model, joints, wishes, electrodes, muscles, found)
    found.text = document(content)
    return found


def _one_side(dofs: Sequence[str]) -> str:
    sides = {side_of(dof) for dof in dofs}
    return sides.pop() if len(sides) == 1 else ""


def _asked(found: Electrodes, muscles: Sequence[str], ask: Ask) -> Electrodes:
    """Ask for the muscles of channels whose names say none."""
    for channel in list(found.unknown):
        answer = [one for one in ask(f"Which muscle is '{channel}' on?", muscles) if one in muscles]
        for muscle in answer:
            found.driven[muscle] = [channel]
        if answer:
            found.unknown.remove(channel)
            found.without = [one for one in found.without if one not in answer]
    return found


def _tell_joints(found: Draft, joints: Joints, side: str, offer: Offer) -> None:
    of_side = {"r": ", right side", "l": ", left side"}.get(side, "")
    found.decided.append(f"Joints: {', '.join(joints.dofs)}{of_side}.")
    if "moments" not in offer.streams:
        found.left_out.append(
            "There is no reference moment, so nothing can be calibrated and no moment is ok; give "
            "a calibrated model.subject."
        )
    for role, origins in joints.origins.items():
        for dof, channel in origins.items():
            found.guessed.append(
                f"The {role} of {dof} come from '{channel}'; check its sign and unit, and turn it "
                f"with factor = -1 in [streams.{role}.from] if need be."
            )


def _tell_electrodes(found: Draft, electrodes: Electrodes) -> None:
    for muscle, channels in electrodes.driven.items():
        sentence = f"{plain(muscle)} ({muscle}) is driven by {' and '.join(channels)}"
        guessed = muscle in electrodes.by_neighbour
        (found.guessed if guessed else found.decided).append(
            f"{sentence}, a neighbour's electrode." if guessed else f"{sentence}."
        )
    if electrodes.without:
        found.guessed.append(
            f"No electrode: {', '.join(electrodes.without)}; synergies of the others drive them."
        )
    for channel in electrodes.unknown:
        found.left_out.append(
            f"EMG channel '{channel}': its name is no muscle's; give it in [model.muscles] if it "
            "lies over one."
        )
    for channel, why in electrodes.left_out:
        found.left_out.append(f"EMG channel '{channel}': {why}.")


def _content(
    offer: Offer,
    model: ModelFile,
    joints: Joints,
    wishes: Wishes,
    electrodes: Electrodes,
    muscles: Sequence[str],
    found: Draft,
) -> Content:
    streams = {
        role: _with_unit(role, offer.streams[role], found)
        for role in ("emg", "angles", "moments")
        if role in offer.streams
    }
    emg = streams["emg"]
    used = [c for c in emg.channels if any(c in by for by in electrodes.driven.values())]
    held, more = _others(model, joints, streams["angles"])
    scaled_to, mvc = _scale(emg, used, offer, found)
    angles = [*joints.dofs, *more]
    named = {"emg": used, "angles": angles, "moments": list(joints.dofs)}
    origins = {**joints.origins, "angles": {**joints.origins.get("angles", {}), **more}}
    origins["angles"] = {k: v for k, v in origins["angles"].items() if k != v}
    return Content(
        title=wishes.title, model_file=wishes.model_file, recordings=wishes.recordings,
        streams=streams, channels={role: named[role] for role in streams}, origins=origins,
        dofs=joints.dofs, fixed_rad=held, driven=electrodes.driven, muscles=muscles,
        mvc=mvc, scaled_to=scaled_to, notes=_notes(offer, electrodes, emg, found),
    )  # fmt: skip


def _others(
    model: ModelFile, joints: Joints, angles: OfferedStream
) -> tuple[dict[str, float], dict[str, str]]:
    """Return the coordinates without moment: those held, rad, and those that have a channel."""
    held, measured = {}, {}
    for coordinate in model.coordinates:
        if coordinate.name in joints.dofs:
            continue
        if coordinate.name in angles.channels:
            measured[coordinate.name] = coordinate.name
        else:
            held[coordinate.name] = float(np.clip(0.0, *coordinate.range_rad))
    return held, measured


def _with_unit(role: str, stream: OfferedStream, found: Draft) -> OfferedStream:
    """Return the stream with a unit: the SI unit, or what its values look like, as a guess."""
    if stream.unit:
        return stream
    largest = float(np.nanmax(np.abs([stream.low, stream.high]), initial=0.0))
    unit = ROLES[role].si_unit
    if role == "angles" and largest > 2 * np.pi:
        unit = "deg"
    if role == "emg":
        unit = _emg_unit(stream, largest)
    found.guessed.append(f"The {role} state no unit; values up to {largest:.3g} look like {unit}.")
    return replace(stream, unit=unit)


def _emg_unit(stream: OfferedStream, largest: float) -> str:
    if not stream.is_raw and largest <= 2.0:
        return "1"
    return "V" if largest < 0.05 else "mV" if largest < 20.0 else "uV"


def _scale(
    emg: OfferedStream, used: Sequence[str], offer: Offer, found: Draft
) -> tuple[str, dict[str, float]]:
    """Return what the EMG is scaled to, and MVC values of raw EMG."""
    high = {name: float(emg.high[emg.channels.index(name)]) for name in used}
    if emg.is_raw:
        low = {name: float(emg.low[emg.channels.index(name)]) for name in used}
        to_si = ROLES["emg"].units.get(emg.unit, 1.0)
        found.guessed.append(
            "The MVC values are a third of the largest EMG seen, for a start; record them with "
            "'hillstream mvc CONFIG'."
        )
        return "unknown", {
            name: max(abs(high[name]), abs(low[name])) * to_si / 3.0 or 1e-4 for name in used
        }
    if emg.is_scaled_to_peak:
        found.guessed.append(
            f"The envelopes reach one in {offer.origin}, so they are scaled to its peak."
        )
        return "peak", {}
    found.guessed.append(
        "Nobody says what the envelopes are scaled to (envelope.scaled_to): 'mvc' narrows the gain "
        "where they are."
    )
    return "unknown", {}


def _notes(
    offer: Offer, electrodes: Electrodes, emg: OfferedStream, found: Draft
) -> dict[str, list[str]]:
    """Return the comments of the sections."""
    notes = {
        "top": [f"Drafted by 'hillstream init' from {offer.origin}.", *_guesses(found)],
        "recording": ["What calibrate, score and play take where no recording is named."],
        "emg": [f"{'Raw EMG' if emg.is_raw else 'Ready envelopes'}; rate and unit as measured."],
        "envelope": [
            "scaled_to: 'mvc' where 1 (or envelope.mvc) is the person's maximum, 'peak' where it",
            "is the movement's, 'unknown' otherwise; the less is known, the wider the gains.",
        ],
        "model": ['use_muscles = "driven" leaves out muscles without an electrode.'],
        "muscles": ["For each muscle the EMG channels that drive it (their mean)."],
    }
    if electrodes.by_neighbour:
        notes["muscles"].append(f"By a neighbour: {', '.join(electrodes.by_neighbour)}.")
    if electrodes.without:
        notes["muscles"].append(f"By synergies: {', '.join(electrodes.without)}.")
    return notes


def _guesses(found: Draft) -> list[str]:
    return ["To be checked:", *(f"- {one}" for one in found.guessed)] if found.guessed else []


def beside(path: Path, set_up: Path) -> str:
    """Return a path as a set-up names it: relative to it where both are in one tree."""
    try:
        return str(path.absolute().relative_to(set_up.absolute().parent))
    except ValueError:
        return str(path.absolute())
