"""A recording scored with its calibrator elsewhere: the same to the last digit."""

from contextlib import closing
from dataclasses import replace

import pytest

from daemon.calibration import stepping
from daemon.offline.score import score, score_file
from daemon.simulation.recording import write_recording
from pipeline.errors import UserError
from pipeline.streams.recordings.load import load_recording
from tools.robustness.faults.cable import Cable

pytestmark = pytest.mark.system

GAP_S = 4.0, 8.5
"""Without reference: the rows of it come in one burst, more than a frame or the window holds."""


@pytest.fixture
def file(at, tmp_path):
    path = tmp_path / "lab.npz"
    write_recording(at(), 12, path)
    return path


def with_a_gap(recording):
    moments = recording.streams["moments"]
    seconds = moments.t - recording.start
    kept = (seconds < GAP_S[0]) | (seconds > GAP_S[1])
    streams = {
        **recording.streams,
        "moments": replace(moments, t=moments.t[kept], x=moments.x[kept]),
    }
    return replace(recording, streams=streams)


def scored(config, recording) -> tuple[dict, list]:
    updates = []
    result = score(config, recording, freeze_after=11.0, on_update=updates.append)
    del result["wall_s"]
    return result, [(update.result, update.t, update.version, update.loss) for update in updates]


def test_a_score_through_the_link_is_that_without_it_to_the_last_digit(
    at, serving, ipc_address, file
):
    where = serving(at(), f"{ipc_address}-port").address
    for recording in (load_recording(file), with_a_gap(load_recording(file))):
        here, there = scored(at(), recording), scored(at(where), recording)
        assert here == there
        assert here[0]["parameter_version"] > 1


def test_a_calibrator_that_is_lost_on_the_way_is_told_of(
    at, serving, ipc_address, file, monkeypatch
):
    monkeypatch.setattr(stepping, "PATIENCE_S", 0.0)
    with pytest.raises(UserError, match=r"The calibrator at ipc://.* does not answer\."):
        score_file(at(f"{ipc_address}-nobody"), file)
    monkeypatch.undo()
    server = serving(at(), "tcp://127.0.0.1:*")
    with closing(Cable(server.address)) as cable:

        def cut(done: float) -> None:
            if done > 0.5:
                cable.cut()

        with pytest.raises(UserError, match="was lost, so that what follows"):
            score_file(at(cable.address), file, on_progress=cut)
    with pytest.raises(UserError, match=r"refuses this daemon: \[calibrator\] differs"):
        score_file(at(server.address, steps=5), file)
