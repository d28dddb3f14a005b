"""What is said of values that come in, on the pipelines of the shipped set-ups."""

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import starting_subject
from daemon.config import load_config
from daemon.live.electrode_alerts import ElectrodeAlerts
from daemon.live.input_watch import InputWatch
from daemon.live.outbox import Outbox
from pipeline.output.guard import MomentGuard
from pipeline.output.message import MetaMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.streams.base import Chunk
from pipeline.streams.screen import ScreenState, screen


class Watched:
    """An input watch with all that it tells."""

    def __init__(self, config):
        self.config = config
        dofs = tuple(config.model.dofs)
        meta = MetaMessage(session="s", dofs=dofs, rate_hz=1.0, muscles=("m",), valid_for_s=0.1)
        guard = MomentGuard(n_dofs=len(dofs), max_moment_nm=100.0, fade_s=0.2, stale_after_s=0.1)
        self.outbox = Outbox(Publisher(meta, []), guard, version=0)
        subject = starting_subject(config, model_in_use(config))
        self.pipeline = build_pipeline(config, subject)
        care = ElectrodeAlerts(config.model.muscles, self.pipeline.mapper, self.outbox)
        self.remarks: dict[str, str] = {}
        self.inputs = InputWatch(config, self.pipeline, self.outbox, care, self.remarks)

    def send(self, key, seconds, values, start_s=100.0):
        """Send values, shape [n, channel] or what broadcasts to it, at the stream's rate."""
        stream = getattr(self.config.streams, key)
        n = round(seconds * stream.rate_hz)
        x = np.broadcast_to(values, (n, len(stream.channels))).copy()
        self.inputs.pass_on(Chunk(key, start_s + np.arange(1, n + 1) / stream.rate_hz, x))


def test_angles_in_degrees_are_named_with_value_range_and_remedy():
    watched = Watched(load_config("walking"))
    watched.send("angles", 1.0, [0.1, -55.0, 0.0])
    watched.outbox.nothing_new()
    assert watched.outbox.status is Status.FAULT
    for words in ("knee_angle_r is -55 rad, the model knows", 'Set streams.angles.unit = "deg"'):
        assert words in watched.outbox.fault
    watched.send("angles", 2.0, [0.1, -0.5, 0.0], start_s=101.0)
    assert watched.outbox.fault == ""


@pytest.mark.parametrize("bend_rad", [0.5, 1.8, 2.5])
def test_degrees_of_a_bent_joint_reach_the_watch_that_names_them(bend_rad):
    watched = Watched(load_config("arm"))
    (spec,) = [spec for spec in stream_specs(watched.config) if spec.key == "angles"]
    t = 100.0 + np.arange(1, 101) / spec.rate_hz
    sent = np.full((len(t), len(spec.channels)), np.degrees(bend_rad))
    _, t, x = screen(ScreenState(), spec, t, sent)
    watched.inputs.pass_on(Chunk("angles", t, x))
    assert "are these degrees?" in watched.outbox.fault


def raw_emg(config, level, seconds):
    mvc = np.array([config.envelope.mvc[channel] for channel in config.streams.emg.channels])
    n = round(seconds * config.streams.emg.rate_hz)
    return level * mvc * np.random.default_rng(5).normal(size=(n, len(mvc)))


@pytest.mark.parametrize(
    ("unit", "factor", "told"),
    [
        ("V", 1e6, "a million times too large for their MVC, so the unit is probably uV"),
        ("V", 1e3, "a thousand times too large for their MVC, so the unit is probably mV"),
        ("mV", 1e-3, "a thousand times too small for their MVC, so the unit is probably V:"),
        ("uV", 1e-6, "a million times too small"),
    ],
)
def test_all_channels_in_a_wrong_unit_have_one_cause(changed_config, unit, factor, told):
    config = load_config(changed_config("arm", {'unit = "V"': f'unit = "{unit}"'}))
    watched = Watched(config)
    watched.send("emg", 4.0, factor * raw_emg(config, 0.2, 4.0))
    (sentence,) = watched.outbox.troubles.values()
    assert told in sentence
    watched.send("emg", 6.0, raw_emg(config, 0.2, 6.0), start_s=104.0)
    assert watched.outbox.troubles == {}


def test_ready_envelopes_that_cannot_be_are_remarked_on():
    watched = Watched(load_config("walking"))
    t = np.arange(1200)[:, None] / 100.0
    x = np.maximum(0.0, np.sin(2 * np.pi * t + np.arange(9))) * 0.5
    x[:, 0] -= 0.1
    x[:, 3] += 0.4
    watched.send("emg", 12.0, x)
    (remark,) = watched.remarks.values()
    channels = watched.config.streams.emg.channels
    assert f"below zero ({channels[0]})" in remark
    assert f"of their peak ({channels[3]})" in remark
