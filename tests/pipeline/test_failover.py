"""An electrode that comes off, through the whole chain: driven by the others, never not finite."""

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject
from daemon.config import Config, ElectrodeOffConfig, load_config
from daemon.simulation.lab import Lab
from pipeline.calibrate.synergy.hybrid import HybridSettings
from pipeline.calibrate.synergy.online import OnlineSynergies
from pipeline.emg.synthesis import Synthesis
from pipeline.streams.base import Chunk
from pipeline.timebase.rows import PairedRows

OFF_S, BACK_S, END_S = 4.0, 5.0, 7.0
CHANNEL = "DELT1"


def person(fault: str, enabled: bool = True) -> Config:
    config = load_config("arm")
    off = ElectrodeOffConfig(channel=CHANNEL, at_s=OFF_S, until_s=BACK_S, fault=fault)
    simulation = config.simulation.model_copy(update={"synergies": 4, "electrode_off": [off]})
    failover = config.failover.model_copy(update={"enabled": enabled})
    return config.model_copy(update={"simulation": simulation, "failover": failover})


class Lived:
    """What came out of a chain."""

    def __init__(self, config: Config, block_ms: int = 20) -> None:
        lab = Lab(config)
        chain = build_pipeline(config, generic_subject(model_in_use(config)))
        self.muscle = chain.geometry.muscles.index(CHANNEL)
        self.changes, moments, paired = [], [], []
        learnt = False
        for _ in range(round(1000 * END_S / block_ms)):
            block = lab.block(block_ms)
            for name in ("emg", "angles", "moments"):
                samples = getattr(block, name)
                if len(samples.t):
                    self.changes += chain.push(Chunk(name, samples.t, samples.x))
            predicted = chain.predict()
            if predicted is not None:
                moments.append((predicted.t, predicted.moment, predicted.valid))
            rows = chain.pair()
            if rows is not None:
                paired.append(rows.rows)
            if not learnt and paired and paired[-1].t[-1] > OFF_S - 1.0:
                learnt = True
                one = OnlineSynergies(np.ones(10, dtype=bool), HybridSettings(count=4))
                one.learn(PairedRows.joined(paired))
                chain.mapper.learn(Synthesis(one.found))
        self.t, self.moment, self.valid = map(np.concatenate, zip(*moments, strict=True))
        self.rows = PairedRows.joined(paired)


@pytest.mark.parametrize("fault", ["flat", "nan", "saturated", "loud", "line"])
def test_every_fault_is_noticed_survived_and_forgiven(fault):
    lived = Lived(person(fault))
    gone, back = lived.changes
    assert gone.channel == back.channel == CHANNEL
    assert OFF_S < gone.t <= OFF_S + 0.1
    assert back.reason is None
    assert BACK_S + 0.9 < back.t < BACK_S + 1.3
    assert np.isfinite(lived.moment).all()
    assert lived.valid[lived.t > 1.0].all()
    assert (np.diff(lived.t) < 0.011).all()
    measured, t = lived.rows.measured[:, lived.muscle], lived.rows.t
    assert not measured[(t > OFF_S + 0.2) & (t < BACK_S + 0.9)].any()
    assert measured[(t < OFF_S) | (t > BACK_S + 1.6)].all()
    sound = Lived(person("flat", enabled=False)) if fault == "nan" else None
    if sound is not None:  # without failover a flat electrode is a muscle at rest
        off = (t > OFF_S + 0.3) & (t < BACK_S)
        assert sound.rows.excitation[off, sound.muscle].max() < 0.02
        assert lived.rows.excitation[off, lived.muscle].max() > 0.05


def test_how_the_stream_is_cut_makes_no_difference():
    one, other = Lived(person("loud"), 20), Lived(person("loud"), 40)
    n = min(len(one.t), len(other.t))
    assert [c.t for c in one.changes] == [c.t for c in other.changes]
    before = one.t[:n] < OFF_S - 1.0  # after it they have learnt at different rows
    np.testing.assert_allclose(one.moment[:n][before], other.moment[:n][before], atol=1e-6)
    np.testing.assert_array_equal(one.rows.measured[:n], other.rows.measured[:n])


def test_a_flat_electrode_does_not_lower_the_resting_level():
    config = person("flat")
    lab, watched = (
        Lab(config),
        build_pipeline(config, generic_subject(model_in_use(config))),
    )
    levels = []
    for _ in range(round(END_S)):
        emg = lab.block(1000).emg
        watched.push(Chunk("emg", emg.t, emg.x))
        levels.append(watched.envelope.baseline[0])
    assert levels[int(BACK_S)] == pytest.approx(levels[int(OFF_S) - 1], rel=0.3)
    assert levels[-1] > 0.0
