"""Working ahead moves the work out of a row's way and changes no bit of what comes out."""

import numpy as np
import pytest

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import starting_subject
from daemon.bench.latency.setup import Size, bench_config
from daemon.simulation.lab import Lab
from pipeline.geometry import Geometry
from pipeline.model.identifiability import Confidence
from pipeline.streams.base import Chunk

SECONDS = 1


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return bench_config(Size(channels=4, muscles=4), tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def recorded(config):
    block = Lab(config).block(1000 * SECONDS)
    return {"emg": (block.emg.t, block.emg.x), "angles": (block.angles.t, block.angles.x)}


def chunks(recorded, lost=slice(0)):
    """The samples one by one in their order, angles first; some EMG samples may be lost."""
    emg_t, emg_x = (np.delete(part, lost, axis=0) for part in recorded["emg"])
    streams = {"angles": recorded["angles"], "emg": (emg_t, emg_x)}
    due = [(t, key, i) for key, (stamps, _) in streams.items() for i, t in enumerate(stamps)]
    for t, key, i in sorted(due):
        yield Chunk(key, np.array([t]), streams[key][1][i : i + 1])


def replayed(config, chunks, ahead, events=None):
    subject = starting_subject(config, model_in_use(config))
    chain = build_pipeline(config, subject)
    parts = []
    for number, chunk in enumerate(chunks):
        chain.push(chunk)
        rows = chain.predict()
        if rows is not None:
            parts.append((rows.moment, rows.deviation, rows.stiffness))
        if ahead:
            chain.work_ahead()
        if events and number in events:
            events[number](chain, subject)
    return tuple(map(np.concatenate, zip(*parts, strict=True)))


def adopt(chain, subject):
    stronger = subject.with_values({"strength": 1.5 * subject.strength})
    known = Confidence({}, {}, (stronger.values(),), (0.1,) * len(chain.geometry.dofs))
    chain.predictor.adopt(stronger, 1, known)


@pytest.mark.parametrize(
    ("lost", "events"),
    [
        (slice(0), None),
        (slice(0), {300: adopt}),
        (slice(400, 700), None),  # longer than what is bridged: the state starts anew
        (slice(400, 420), None),
    ],
)
def test_not_a_bit_changes(config, recorded, lost, events):
    plain = replayed(config, chunks(recorded, lost), ahead=False, events=events)
    ahead = replayed(config, chunks(recorded, lost), ahead=True, events=events)
    for expected, got in zip(plain, ahead, strict=True):
        np.testing.assert_array_equal(got, expected)


def test_no_path_is_evaluated_while_a_row_waits(config, recorded, monkeypatch):
    rows_waiting, evaluated = [], []
    evaluate = Geometry.paths

    def noted(self, q):
        evaluated.append(bool(rows_waiting))
        return evaluate(self, q)

    monkeypatch.setattr(Geometry, "paths", noted)
    subject = starting_subject(config, model_in_use(config))
    chain = build_pipeline(config, subject)
    for chunk in chunks(recorded):
        chain.push(chunk)
        rows_waiting.append(True)
        chain.predict()
        rows_waiting.clear()
        chain.work_ahead()
    first_rows = 2
    assert not any(evaluated[first_rows:])
    assert len(evaluated) > 100 * SECONDS
