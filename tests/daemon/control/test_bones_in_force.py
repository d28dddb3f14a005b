"""The bones of a parameter set go wherever its muscles go."""

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from daemon.assembly.calibrator import build_calibrator, parameter_space
from daemon.assembly.model import model_in_use
from daemon.assembly.skeleton import free_skeleton, with_bones
from daemon.assembly.subject import starting_subject
from daemon.config import load_config
from daemon.control.parameter_history import Versions
from daemon.control.saving import write_person
from daemon.ipc.messages import UpdateMessage
from daemon.ipc.orders import RestoreOrder
from daemon.ipc.sockets import read
from daemon.session.log import SessionLog
from daemon.session.reader import open_session
from daemon.session.recorder import recorder_of
from pipeline.model.skeleton import Skeleton, load_skeleton
from pipeline.model.skeleton.tree_file import skeleton_content
from pipeline.update import Result, Update

KINDS = {kind.topic.encode(): kind for kind in (UpdateMessage, RestoreOrder)}
CONFIG = load_config("torque-free-arm")
START = starting_subject(CONFIG, model_in_use(CONFIG))
SPACE = parameter_space(CONFIG, START, "cpu")
SETS = st.lists(
    st.floats(-15.0, 15.0, width=32), min_size=SPACE.bone_size, max_size=SPACE.bone_size
)


def person(seed: int):
    """Return a person with muscles and bones of their own, and where they are in the space."""
    vector = 0.7 * torch.randn(SPACE.size, generator=torch.Generator().manual_seed(seed))
    return SPACE.subject(vector), vector


def assert_same(found, wanted):
    assert found.bones == wanted.bones
    for name, values in wanted.values().items():
        np.testing.assert_array_equal(found.values()[name], values)


@given(SETS)
def test_bones_come_back_exactly(values):
    vector = SPACE.zeros()
    vector[SPACE.muscle_size :] = torch.tensor(values)
    again = SPACE.vector(SPACE.subject(vector))
    assert torch.equal(SPACE.inertia(again), SPACE.inertia(vector))
    bones = slice(SPACE.muscle_size, None)
    torch.testing.assert_close(again[bones], vector[bones], atol=1e-13, rtol=0.0)


def test_a_run_starts_with_the_bones_believed():
    assert set(START.bones) == set(map(str, SPACE.labels[SPACE.muscle_size :]))
    assert set(START.bones.values()) == {1.0}
    torch.testing.assert_close(SPACE.vector(START), SPACE.zeros(), atol=1e-5, rtol=0.0)


def test_there_are_no_bones_where_none_are_identified(torque_free_arm):
    kept = torque_free_arm(("smoothing_window_s = 0.3", "smoothing_window_s = 0.3\nfree = false"))
    for config in (kept, load_config("arm")):
        assert starting_subject(config, model_in_use(config)).bones == {}
        assert free_skeleton(config) is None
    space = parameter_space(kept, START, "cpu")
    assert space.subject(space.zeros()).bones == {}


def test_a_rollback_and_a_new_calibrator_begin_with_the_bones_of_the_set():
    wanted, vector = person(1)
    inertia = SPACE.inertia(vector)
    learner = build_calibrator(CONFIG, START)
    update = learner.restore(wanted, 3)
    assert update.result is Result.ROLLED_BACK
    again = build_calibrator(CONFIG, update.subject, update.version)
    for calibrator in (learner, again):
        assert_same(calibrator.subject, wanted)
        assert calibrator.version == 1
        assert torch.equal(SPACE.inertia(calibrator._accepted), inertia)
        assert torch.equal(SPACE.inertia(calibrator._optimiser.vector), inertia)


def test_versions_keep_the_bones():
    versions = Versions(START)
    people = [person(seed)[0] for seed in (1, 2, 3)]
    for version, one in enumerate(people, start=1):
        versions.add(version, one)
    for version, one in enumerate([START, *people]):
        assert_same(versions.subject(version), one)


def messages():
    one, _ = person(4)
    update = Update(Result.OK, "Better.", 7, 1.0, one)
    return one, [UpdateMessage.of(update), RestoreOrder.of(7, one)]


def test_the_processes_tell_each_other_the_bones():
    one, sent = messages()
    for message in sent:
        assert_same(read(message.pack(), KINDS).subject(START), one)


@pytest.mark.parametrize(
    "change",
    [{"ulna:mass": 0.0}, {"ulna:mass": -1.0}, {"ulna:mass": float("nan")}],
)
def test_a_number_that_no_bone_has_is_not_taken(change):
    for message in messages()[1]:
        spoilt = message.model_copy(update={"bones": {**message.bones, **change}})
        assert read(spoilt.pack(), KINDS) is None


@pytest.mark.parametrize("bones", [{}, {"ulna:mass": 1.0}, {**START.bones, "femur:mass": 1.0}])
def test_the_bones_of_another_skeleton_are_refused(bones):
    for message in messages()[1]:
        with pytest.raises(ValueError, match="bones"):
            message.model_copy(update={"bones": bones}).subject(START)


def test_what_is_saved_is_what_the_next_run_starts_from(torque_free_arm, tmp_path):
    """The muscles of the subject file, the bones of the skeleton file, and the way to both."""
    one, vector = person(5)
    skeleton = with_bones(free_skeleton(CONFIG), one.bones)
    data = {"version": 5, "subject": one.content(), "skeleton": skeleton_content(skeleton)}
    data = json.loads(json.dumps(data)) | {"mvc": {}, "baseline": "none"}
    files = write_person(data, tmp_path / "me.json")
    assert files.skeleton == tmp_path / "me.skeleton.json"
    told = tomllib.loads(files.levels.read_text(encoding="utf-8"))
    assert told["skeleton"] == {"file": "me.skeleton.json"}

    config = torque_free_arm(
        ('file = "models/myoarm_skeleton.json"', f'file = "{told["skeleton"]["file"]}"'),
        ("[model]", f'[model]\nsubject = "{told["model"]["subject"]}"'),
    )
    start = starting_subject(config, model_in_use(config))
    assert_same(start, replace(one, bones=START.bones))
    space = parameter_space(config, start, "cpu")
    torch.testing.assert_close(space.inertia(space.vector(start)), SPACE.inertia(vector))


def test_a_skeleton_says_once_that_its_bones_are_of_a_run():
    chain, bones = load_skeleton(CONFIG.skeleton.file), person(6)[0].bones
    once = with_bones(chain, bones)
    assert once.origin != chain.origin
    assert with_bones(once, bones).origin == once.origin
    believed = with_bones(chain, START.bones)
    torch.testing.assert_close(Skeleton.of(believed).inertia, Skeleton.of(chain).inertia)


def test_the_session_has_the_bones_of_a_rollback(tmp_path):
    one, _ = person(7)
    with SessionLog(tmp_path / "session.db", {}) as log:
        recorder = recorder_of(CONFIG, log, START.muscles)
        recorder.update(UpdateMessage.of(Update(Result.PAUSED, "Paused.", 1, 1.0, one)))
        recorder.update(UpdateMessage.of(Update(Result.ROLLED_BACK, "Back.", 2, 2.0, one)))
    wanted = "name = 'bone_mass' AND muscle = 'ulna'"
    with open_session(log.path) as session:
        rows = session.execute(f"SELECT candidate, value FROM parameter WHERE {wanted}").fetchall()
    assert rows == [(2, one.bones["ulna:mass"])]
