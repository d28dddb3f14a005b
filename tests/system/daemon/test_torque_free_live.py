"""The daemon and the simulated lab together, on real streams, with no joint moment among them."""

import threading
from pathlib import Path

import numpy as np
import pytest

from daemon.control.client import ask
from daemon.ipc.requests import Command, Request
from daemon.simulation.demo import demo
from pipeline.model.skeleton import load_skeleton

PATIENCE_S = 200.0  # a busy machine takes its time over the first update
# The other two joints' accelerations come from their angles.
ACCELERATIONS = """
[streams.accelerations]
name = "{name}-accelerations"
rate_hz = 100
unit = "deg/s^2"
channels = ["elbow_flexion", "shoulder_elv"]

"""


def versions_go_back_with_their_bones(address, believed, statuses, wait_until):
    """Roll back to the bones believed and again to those identified; then calibrate on."""

    def order(command, **more):
        return ask(address, Request(command=Command(command), **more), PATIENCE_S)

    def saved():
        data = order("save").data
        return data["version"], [bone["mass_kg"] for bone in data["skeleton"]["bones"]]

    order("pause")
    wait_until(lambda: statuses[-1].calibrator.result == "paused", PATIENCE_S)
    version, found = saved()
    assert found != pytest.approx(believed, rel=1e-6)
    for number, (to, masses) in enumerate([(0, believed), (version, found)], version + 1):
        order("rollback", version=to)
        wait_until(lambda number=number: saved()[0] == number, PATIENCE_S)
        assert saved()[1] == pytest.approx(masses, rel=1e-12)
    order("resume")
    wait_until(lambda: statuses[-1].calibrator.version > version + 2, PATIENCE_S)


@pytest.mark.system
@pytest.mark.timeout(600)
def test_a_set_learnt_from_motion_comes_into_force(
    torque_free_arm, tmp_path, unique_name, ipc_address, wait_until
):
    changes = [
        (f'name = "hillstream-{key}"', f'name = "{unique_name}-{key}"')
        for key in ("emg", "angles", "torques")
    ]
    changes.append(("[output]", f'[output]\nzmq = "{ipc_address}"\nlsl = false'))
    own = f'[control]\naddress = "{ipc_address}-c"\n'
    own += f'[session]\nfile = "{tmp_path / "session.db"}"\n'
    own += ACCELERATIONS.format(name=unique_name)
    config = torque_free_arm(*changes, ("[skeleton]", f"{own}[skeleton]"))
    stop, statuses, results = threading.Event(), [], []

    def work():
        results.append(
            demo(config, Path("test"), seconds=None, stop=stop, on_status=statuses.append)
        )

    thread = threading.Thread(target=work)
    thread.start()
    try:
        wait_until(lambda: any(s.calibrator and s.calibrator.version for s in statuses), PATIENCE_S)
        believed = [bone.mass_kg for bone in load_skeleton(config.skeleton.file).bones]
        address = config.control.address
        versions_go_back_with_their_bones(address, believed, statuses, wait_until)
    finally:
        stop.set()
        thread.join()
    live = {stream.key for status in statuses for stream in status.streams if stream.received}
    assert live == {"emg", "angles", "external", "accelerations"}
    assert results[0]["nonfinite"] == 0
    assert results[0]["parameter_version"] >= 4
    assert results[0]["bones"]["ulna:mass"]["deviation"] > 0
    truth = results[0]["truth"]
    assert all(np.isfinite(value) for part in truth.values() for value in part.values())
    assert set(results[0]["rmse_first"].values()) == {None}
