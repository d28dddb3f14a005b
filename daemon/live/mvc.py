"""MVC and resting level, recorded in the predictor while it goes on predicting."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from daemon.config import Config
from daemon.ipc.orders import Answer, Recorded, RecordOrder, Scale
from pipeline.emg.envelope import Envelope
from pipeline.emg.levels import HELD_S, HIGHEST_REST, Levels
from pipeline.model.delay import LONGEST_DELAY_S

NAMES = {"mvc": "The MVC", "baseline": "The resting level"}
"""How a sentence about a recording begins."""

FALLEN = 0.5
"""A new MVC below this share of the old one is taken only when it is confirmed: a weak effort, or
an electrode that has moved, would be read as a strong muscle from then on."""

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class LiveLevels:
    """Obeys the orders to record.

    Parameters
    ----------
    config
        The set-up.
    envelope
        The predictor's; its scale is what changes.
    """

    def __init__(self, config: Config, envelope: Envelope) -> None:
        self._channels = config.streams.emg.channels
        self._untracked = "none" if config.envelope.baseline == "none" else None
        self._fade_s = config.output.cross_fade_s
        self._settled_s = config.output.cross_fade_s + LONGEST_DELAY_S
        self._envelope = envelope
        self._unconfirmed: Levels | None = None
        """An MVC recording that is to be confirmed."""
        self._asked = np.ones(len(self._channels), dtype=bool)
        """Channels whose levels are to be taken."""
        self.recording: Recorded | None = None
        """What is being recorded."""

    def obey(self, order: RecordOrder) -> Answer:
        """Begin or end a recording; the end of one puts a new scale in force."""
        if order.begin:
            answer = self._begin(order.what, order.channels)
        else:
            answer = self._end(order.what, confirmed=order.confirmed)
        return answer.model_copy(update={"number": order.number, "recording": self.recording})

    def _begin(self, what: Recorded, channels: list[str]) -> Answer:
        if self.recording is not None:
            return _refused(
                f"{NAMES[self.recording]} is being recorded already; end that first (hillstream "
                f"ctl {self.recording} stop)."
            )
        if unknown := [name for name in channels if name not in self._channels]:
            return _refused(f"The EMG has no channel {', '.join(unknown)}; nothing is recorded.")
        self._asked = np.array([not channels or name in channels for name in self._channels])
        self.recording, self._unconfirmed = what, None
        self._envelope.record()
        todo = "contract each muscle as hard as you can" if what == "mvc" else "keep still"
        return _done(
            f"{NAMES[what]} is being recorded: {todo}, then end it (hillstream ctl {what} stop)."
        )

    def _end(self, what: Recorded, *, confirmed: bool) -> Answer:
        if confirmed and self._unconfirmed is not None:
            return self._use_mvc(self._unconfirmed, confirmed=True)
        if self.recording != what:
            return _refused(
                f"{NAMES[what]} is not being recorded; begin first (hillstream ctl {what} start)."
            )
        self.recording = None
        levels = self._envelope.recorded()
        if levels is None:
            return _refused(
                f"The recording was shorter than {HELD_S:g} s of EMG, so nothing was changed; "
                "is the EMG stream live?"
            )
        if what == "baseline":
            return self._use_baseline(levels)
        return self._use_mvc(levels, confirmed=confirmed)

    def _use_mvc(self, levels: Levels, *, confirmed: bool) -> Answer:
        scale = self._envelope.scale
        found = levels.contracted(scale.baseline * scale.mvc) & self._asked
        if not found.any():
            return _refused("No channel was clearly activated; the MVC values stay as they are.")
        old, new = scale.mvc, np.where(found, levels.highest, scale.mvc)
        fallen = new < FALLEN * old
        self._unconfirmed = None
        if fallen.any() and not confirmed:
            self._unconfirmed = levels
            numbers = self._numbers(old, new, fallen)
            return _refused(
                f"The MVC of {numbers} has fallen to less than half, so nothing was changed.",
                self._names(fallen),
            )
        numbers = self._numbers(old, new, found)
        scale.adopt(new, None, self._fade_s)
        answer = self._changed("mvc", found, levels, "not clearly activated")
        return answer.model_copy(update={"sentence": f"{answer.sentence} Old and new: {numbers}."})

    def _names(self, chosen: Mask) -> list[str]:
        return [name for name, one in zip(self._channels, chosen, strict=True) if one]

    def _numbers(self, old: Array, new: Array, chosen: Mask) -> str:
        """Return old and new MVC of some channels, in the unit of the envelope."""
        rows = zip(self._channels, old.tolist(), new.tolist(), chosen, strict=True)
        return ", ".join(
            f"{name} {a:.3g} -> {b:.3g} ({b / a:.0%})" for name, a, b, one in rows if one
        )

    def _use_baseline(self, levels: Levels) -> Answer:
        scale = self._envelope.scale
        level = levels.mean / scale.mvc
        at_rest = level <= HIGHEST_REST
        if not at_rest.any():
            return _refused(
                f"Every channel was above {HIGHEST_REST:.0%} of its MVC, so nobody was at rest; "
                "the resting levels stay as they are. Keep still, or record the MVC first."
            )
        self._untracked = None
        scale.adopt(scale.mvc, np.where(at_rest, level, scale.baseline), self._fade_s)
        return self._changed("baseline", at_rest, levels, f"above {HIGHEST_REST:.0%} of MVC")

    def _changed(self, what: Recorded, found: Mask, levels: Levels, why: str) -> Answer:
        changed, kept = self._names(found), self._names(self._asked & ~found)
        rest = f" Kept as they were, because {why}: {', '.join(kept)}." if kept else ""
        return _done(
            f"{NAMES[what]} of {len(changed)} of {len(found)} channels is new, from "
            f"{levels.seconds:.1f} s: {', '.join(changed)}.{rest}",
            self._scale(changed),
        )

    def _scale(self, changed: list[str]) -> Scale:
        scale = self._envelope.scale
        baseline = dict(zip(self._channels, scale.baseline.tolist(), strict=True))
        return Scale(
            mvc=dict(zip(self._channels, scale.mvc.tolist(), strict=True)),
            baseline="tracked" if scale.tracked else self._untracked or baseline,
            since=self._envelope.newest + self._settled_s,
            changed=changed,
        )


def _done(sentence: str, scale: Scale | None = None) -> Answer:
    return Answer(number=0, ok=True, sentence=sentence, scale=scale)


def _refused(sentence: str, fallen: Sequence[str] = ()) -> Answer:
    return Answer(number=0, ok=False, sentence=sentence, fallen=tuple(fallen))
