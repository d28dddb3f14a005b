"""A session's quality as a whole: the parts, and a verdict in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from daemon.report.material import Material
from daemon.report.quality.backtest import FrozenQuality, frozen_qualities, in_words
from daemon.report.quality.electrodes import ChannelQuality, channel_qualities
from daemon.report.quality.parameters import ParameterQuality, parameter_quality
from daemon.report.quality.records import Records, read_records
from daemon.report.quality.reference import JointQuality, joint_qualities
from daemon.report.quality.standing import Finding, Standing, troubles
from daemon.report.words import clock
from pipeline.drift.changes import LEAST_STRETCHES
from pipeline.drift.statistics import BASELINE_AFTER_S
from pipeline.drift.stretches import STRETCH_S
from pipeline.sentences import listed

MOST_BAD = 0.5
"""Share of the channels that are bad, or of the muscles that are generic, above which it is said
of the session."""
DRIFT_S, FATIGUE_S = 50.0, BASELINE_AFTER_S + LEAST_STRETCHES * STRETCH_S
"""What a session must last for a drift of its reference, and for fatigue, to be told."""
_MOST_NAMED = 3


class Grade(StrEnum):
    """What a session is good for."""

    GOOD = "good"
    CARE = "usable with care"
    UNUSABLE = "not usable"


@dataclass(frozen=True)
class Quality:
    """Whether a session can be trusted, and why."""

    grade: Grade
    verdict: str
    """One sentence."""
    missing: str
    """What the session is too short to tell, in a sentence; empty where it is long enough."""
    joints: Sequence[JointQuality]
    channels: Sequence[ChannelQuality]
    parameters: ParameterQuality
    frozen: Sequence[FrozenQuality]
    backtest: str
    """How early learning could have stopped, in a sentence."""
    records: Records

    def figures(self) -> dict[str, Any]:
        """Return it as plain data, units in the names."""
        frozen = [{**asdict(one), "worse_nm": one.worse_nm} for one in self.frozen]
        return {
            "grade": self.grade,
            "verdict": self.verdict,
            "missing": self.missing,
            "reference": [_of_joint(one) for one in self.joints],
            "emg": [one.figures() for one in self.channels],
            "parameters": asdict(self.parameters),
            "backtest": {"sentence": self.backtest, "frozen": frozen},
        }


def quality_of(path: Path, material: Material) -> Quality:
    """Return what a session is good for.

    Parameters
    ----------
    path
        The session's file.
    material
        What was read of it.

    Raises
    ------
    UserError
        As `read_records`.
    """
    records = read_records(path)
    joints, channels = joint_qualities(material), channel_qualities(material, records.emg)
    parameters, frozen = parameter_quality(material, records.together), frozen_qualities(records)
    grade, verdict = _verdict(material, joints, channels, parameters)
    missing, backtest = _missing(material), in_words(frozen)
    return Quality(grade, verdict, missing, joints, channels, parameters, frozen, backtest, records)


def _of_joint(one: JointQuality) -> dict[str, Any]:
    """Return a joint as plain data, its drift with the unit in the names."""
    told = asdict(one)
    drift = told.pop("drift") or dict.fromkeys(("slope", "low", "high"))
    return {**told, **{f"drift_{key}_nm_per_min": value for key, value in drift.items()}}


def _verdict(
    material: Material,
    joints: Sequence[JointQuality],
    channels: Sequence[ChannelQuality],
    parameters: ParameterQuality,
) -> tuple[Grade, str]:
    found = [
        *_of_learning(material, parameters),
        *_of_joints(joints),
        *_of_channels(channels),
    ]
    wrong = troubles(found)
    if not wrong:
        good = "the references can be trusted and are predicted, and the EMG is clean"
        if all(one.standing is Standing.UNKNOWN for one in channels):
            good = "the references can be trusted and are predicted; of the EMG nothing is known"
        return Grade.GOOD, f"Good: {good}."
    grade = Grade.UNUSABLE if wrong[0].standing is Standing.BAD else Grade.CARE
    if grade is Grade.UNUSABLE:
        wrong = [one for one in wrong if one.standing is Standing.BAD]
    return grade, f"{grade.capitalize()}: {'; '.join(one.sentence for one in wrong)}."


def _of_learning(material: Material, parameters: ParameterQuality) -> list[Finding]:
    """Return what is wrong with what was learnt; BAD makes the session useless."""
    tried = sum(material.updates.values())
    if not tried:
        return [Finding(Standing.DOUBTFUL, "nothing was calibrated in it")]
    if not material.accepted:
        most = max(material.updates, key=lambda result: material.updates[result])
        words = most.replace("_", " ")
        return [Finding(Standing.BAD, f"nothing was learnt; most updates ended with '{words}'")]
    muscles, generic = _muscles(material), parameters.generic_muscles
    if len(generic) > MOST_BAD * muscles:
        said = f"{len(generic)} of {muscles} muscles still have generic parameters"
        return [Finding(Standing.DOUBTFUL, said)]
    return []


def _muscles(material: Material) -> int:
    return max(map(len, material.estimates.values()), default=0)


def _of_joints(joints: Sequence[JointQuality]) -> list[Finding]:
    if not any(one.present_share > 0 for one in joints):
        return [Finding(Standing.DOUBTFUL, "there was no reference to judge it by")]
    bad = [one for one in joints if one.standing is Standing.BAD]
    if len(bad) == len(joints):
        named = _named("do not trust the reference of", [(one.dof, one.sentence) for one in bad])
        return [Finding(Standing.BAD, named)]
    wrong = [*bad, *(one for one in joints if one.standing is Standing.DOUBTFUL)]
    named = _named("look at the reference of", [(one.dof, one.sentence) for one in wrong])
    return [Finding(Standing.DOUBTFUL, named)] if wrong else []


def _of_channels(channels: Sequence[ChannelQuality]) -> list[Finding]:
    bad = [one for one in channels if one.standing is Standing.BAD]
    if bad and len(bad) > MOST_BAD * len(channels):
        return [Finding(Standing.BAD, f"{len(bad)} of {len(channels)} EMG channels are bad")]
    wrong = [
        *bad,
        *(one for one in channels if one.standing is Standing.DOUBTFUL),
    ]
    named = _named("look at the EMG of", [(one.channel, one.sentence) for one in wrong])
    return [Finding(Standing.DOUBTFUL, named)] if wrong else []


def _named(what: str, wrong: Sequence[tuple[str, str]]) -> str:
    """Return whom to look at; of a single one also why."""
    if len(wrong) == 1:
        name, sentence = wrong[0]
        reason = sentence.split(": ")[0].rstrip(".")
        return f"{what} {name} ({reason[0].lower()}{reason[1:]})"
    return f"{what} {listed([name for name, _ in wrong], _MOST_NAMED)}"


def _missing(material: Material) -> str:
    needs = {"a drift of the reference": DRIFT_S, "fatigue": FATIGUE_S}
    short = [f"{what} ({clock(s)})" for what, s in needs.items() if material.seconds < s]
    if not short:
        return ""
    return (
        f"The session lasted {clock(material.seconds)} min, too short to tell of "
        f"{' and '.join(short)}."
    )
