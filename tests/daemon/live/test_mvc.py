"""Recording MVC and resting level on a chain's own envelope, without a daemon."""

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import starting_subject
from daemon.config import load_config
from daemon.ipc.orders import RecordOrder
from daemon.live.mvc import LiveLevels
from pipeline.streams.base import Chunk

TENSED, STILL = "soleus_r", "tib_ant_r"


class Live:
    """A chain of the walking set-up that is fed at 100 Hz."""

    def __init__(self) -> None:
        config = load_config("walking")
        envelope = config.envelope.model_copy(update={"baseline": "none"})
        config = config.model_copy(update={"envelope": envelope})
        subject = starting_subject(config, model_in_use(config))
        self.chain = build_pipeline(config, subject)
        self.levels = LiveLevels(config, self.chain.envelope)
        self.channels = config.streams.emg.channels
        self.t = 100.0
        self.moments: list[np.ndarray] = []

    def hold(self, seconds: float, rest: float, **levels: float) -> None:
        """Hold the channels at a level, and collect the moments."""
        t = self.t + 0.01 * np.arange(1, round(100 * seconds) + 1)
        self.t = t[-1]
        emg = [levels.get(channel, rest) for channel in self.channels]
        # A channel that never moves at all would not be believed.
        noise = 1e-6 * np.sin(1e3 * t)[:, None]
        self.chain.push(Chunk("emg", t, np.tile(emg, (len(t), 1)) + noise))
        self.chain.push(Chunk("angles", t, np.tile([0.1, -0.3, 0.0], (len(t), 1))))
        if (predicted := self.chain.predict()) is not None:
            self.moments.extend(predicted.moment[predicted.valid])

    def order(self, what: str, begin: bool):
        return self.levels.obey(RecordOrder(number=3, what=what, begin=begin))


def test_mvc_is_taken_where_a_muscle_was_activated_and_the_moment_does_not_step():
    live = Live()
    live.hold(2.0, 0.05)
    assert live.order("mvc", True).recording == "mvc"
    live.hold(1.0, 0.05)
    live.hold(1.0, 0.05, **{TENSED: 0.5})
    live.hold(2.0, 0.05)
    before = len(live.moments)
    answer = live.order("mvc", False)
    live.hold(3.0, 0.05)
    assert (answer.ok, answer.number, answer.recording) == (True, 3, None)
    assert answer.scale.changed == [TENSED]
    assert answer.scale.mvc[TENSED] == pytest.approx(0.5, rel=1e-4)
    assert answer.scale.mvc[STILL] == 1.0
    assert answer.scale.baseline == "none"
    assert STILL in answer.sentence
    moved = np.array(live.moments[before - 1 :])
    total = np.abs(moved[-1] - moved[0]).max()
    assert total > 1.0
    assert np.abs(np.diff(moved, axis=0)).max() < 0.1 * total


def test_a_resting_level_is_taken_off_where_the_muscle_was_at_rest():
    live = Live()
    assert live.order("baseline", True).ok
    live.hold(1.0, 0.04, **{TENSED: 0.3})
    answer = live.order("baseline", False)
    assert answer.ok
    assert TENSED not in answer.scale.changed
    assert answer.scale.baseline[STILL] == pytest.approx(0.04, rel=1e-3)
    assert answer.scale.baseline[TENSED] == 0.0
    np.testing.assert_allclose(live.chain.envelope.baseline[1:], 0.04, rtol=1e-3)


@pytest.mark.parametrize(
    ("what", "seconds", "level", "words"),
    [
        ("mvc", 2.0, 0.05, "No channel was clearly activated"),
        ("mvc", 0.2, 0.05, "shorter than"),
        ("baseline", 2.0, 0.5, "nobody was at rest"),
    ],
)
def test_a_recording_that_tells_nothing_changes_nothing(what, seconds, level, words):
    live = Live()
    live.order(what, True)
    live.hold(seconds, level)
    answer = live.order(what, False)
    assert not answer.ok
    assert words in answer.sentence
    assert answer.scale is None
    np.testing.assert_array_equal(live.chain.envelope.scale.mvc, 1.0)
    np.testing.assert_array_equal(live.chain.envelope.baseline, 0.0)


def test_recordings_do_not_overlap_and_do_not_end_before_they_begin():
    live = Live()
    assert "not being recorded" in live.order("mvc", False).sentence
    live.order("mvc", True)
    assert "recorded already" in live.order("baseline", True).sentence
    assert "not being recorded" in live.order("baseline", False).sentence
    assert live.levels.recording == "mvc"


def record_mvc(live, level, confirmed=False):
    live.order("mvc", True)
    live.hold(1.0, 0.01)
    live.hold(1.0, 0.01, **{TENSED: level})
    live.hold(1.0, 0.01)
    return live.levels.obey(RecordOrder(number=4, what="mvc", begin=False, confirmed=confirmed))


def test_old_and_new_mvc_are_told():
    live = Live()
    live.hold(2.0, 0.01)
    assert f"{TENSED} 1 -> 0.8 (80%)" in record_mvc(live, 0.8).sentence


def test_an_mvc_of_less_than_half_is_asked_about_and_taken_when_confirmed():
    live = Live()
    live.hold(2.0, 0.01)
    asked = record_mvc(live, 0.35)
    assert (asked.ok, asked.scale, asked.recording) == (False, None, None)
    assert f"{TENSED} 1 -> 0.35 (35%)" in asked.sentence
    assert asked.fallen == (TENSED,)
    assert "hillstream" not in asked.sentence  # each client says in its own words how to confirm
    np.testing.assert_array_equal(live.chain.envelope.scale.mvc, 1.0)
    confirmed = live.levels.obey(RecordOrder(number=5, what="mvc", begin=False, confirmed=True))
    assert confirmed.ok
    assert confirmed.scale.mvc[TENSED] == pytest.approx(0.35, rel=1e-4)


def test_only_the_channels_that_are_asked_for_get_a_new_mvc():
    live = Live()
    live.hold(2.0, 0.01)
    start = RecordOrder(number=4, what="mvc", begin=True, channels=[TENSED])
    assert live.levels.obey(start).ok
    live.hold(1.0, 0.01)
    live.hold(1.0, 0.01, **{TENSED: 0.8, STILL: 0.6})  # who contracts with it, far from a maximum
    answer = live.order("mvc", False)
    assert answer.scale.changed == [TENSED]
    assert answer.scale.mvc[STILL] == 1.0
    assert "Kept" not in answer.sentence


def test_an_unknown_channel_is_refused_before_anything_is_recorded():
    live = Live()
    live.hold(2.0, 0.01)
    start = RecordOrder(number=4, what="mvc", begin=True, channels=[TENSED, "nobody"])
    answer = live.levels.obey(start)
    assert (answer.ok, answer.recording) == (False, None)
    assert "no channel nobody" in answer.sentence


def test_a_new_recording_makes_the_old_question_void():
    live = Live()
    live.hold(2.0, 0.01)
    record_mvc(live, 0.35)
    answer = record_mvc(live, 0.9)
    assert answer.scale.mvc[TENSED] == pytest.approx(0.9, rel=1e-4)
    void = live.levels.obey(RecordOrder(number=5, what="mvc", begin=False, confirmed=True))
    assert "not being recorded" in void.sentence


@pytest.mark.parametrize("rest_first", [True, False])
def test_rest_and_mvc_give_the_same_in_either_order(rest_first):
    live = Live()
    live.hold(2.0, 0.04)

    def rest():
        live.order("baseline", True)
        live.hold(2.0, 0.04)
        assert live.order("baseline", False).ok

    if rest_first:
        rest()
    live.hold(0.5, 0.04)
    assert record_mvc(live, 0.8).ok
    if not rest_first:
        rest()
    scale = live.chain.envelope.scale
    place = live.channels.index(TENSED)
    assert scale.mvc[place] == pytest.approx(0.8, rel=1e-4)
    np.testing.assert_allclose(scale.baseline * scale.mvc, 0.04, rtol=1e-3)
