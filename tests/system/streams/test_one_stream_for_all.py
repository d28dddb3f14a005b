"""EMG, angles and moments as channels of one LSL stream, told apart by name and by place."""

import socket
from contextlib import ExitStack, closing

import numpy as np
import pytest
from numpy.testing import assert_allclose

from daemon.assembly.streams import build_sources
from daemon.config import load_config
from pipeline.streams import clock
from pipeline.streams.lsl.outlet import LslOutlet

pytestmark = pytest.mark.system
TABLES = """
[streams.angles.from]
hip_flexion_r = "RHipAngles_X"
knee_angle_r = { channel = "RKneeAngles_X", factor = -1.0, offset = 0.5 }
ankle_angle_r = 14

[streams.moments.from]
hip_flexion_r = 15
knee_angle_r = 16
ankle_angle_r = 17
"""
BESIDE = ("RHipAngles_X", "RKneeAngles_X", "RKneeAngles_Y", "RKneeAngles_Z", "RAnkleAngles_X")
MOMENTS = ("hip_flexion_r", "knee_angle_r", "ankle_angle_r")
"""Moments that bear the names of angles, which is why their places are given."""


@pytest.fixture
def config(changed_config, unique_name):
    names = {f'"hillstream-{key}"': f'"{unique_name}"' for key in ("emg", "angles", "moments")}
    return load_config(changed_config("walking", names, TABLES))


def test_every_role_gets_its_own_channels_of_one_stream(config, unique_name, wait_until):
    emg = tuple(config.streams.emg.channels)
    labels = (*emg, *BESIDE, *MOMENTS)
    source_id = f"{unique_name}@{socket.gethostname()}"
    newest = {}
    with ExitStack() as stack:
        outlet = LslOutlet(unique_name, "Mixed", labels, "", 100.0, source_id)
        stack.callback(outlet.close)
        sources = [stack.enter_context(closing(source)) for source in build_sources(config)]
        for source in sources:
            source.open()

        def all_have_come():
            outlet.push(np.array([clock.now()]), np.arange(1.0, 18.0)[None])
            for source in sources:
                if (chunk := source.poll()) is not None:
                    newest[source.spec.key] = chunk.x[-1]
            return len(newest) == 3

        wait_until(all_have_come)
    assert_allclose(newest["emg"], np.arange(1.0, 10.0))
    assert_allclose(newest["angles"], [10.0, -11.0 + 0.5, 14.0])
    assert_allclose(newest["moments"], [15.0, 16.0, 17.0])
