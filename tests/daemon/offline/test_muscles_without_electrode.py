"""Hip muscles that no electrode reaches, driven by synergies through a whole score."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from daemon.config import load_config
from daemon.offline.score import score
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.recording import Recording

SECONDS = 14.0
LARGEST_HIP_ERROR_NM = 8.0
"""The muscles over the thigh alone, which have electrodes, come to 11 N*m here."""
HIP = ["iliacus_r", "psoas_r", "glut_max1_r", "glut_max2_r", "glut_max3_r"]


def _beginning(path: Path) -> Recording:
    whole = load_recording(path)
    streams = {}
    for key, stream in whole.streams.items():
        early = stream.t < whole.start + SECONDS
        streams[key] = replace(stream, t=stream.t[early], x=stream.x[early])
    return Recording(whole.name, streams)


def test_with_the_hips_own_muscles_the_hip_moment_is_near(shared_data: Path) -> None:
    config = load_config("walking")
    use = {"use_muscles": [*config.model.muscles, *HIP]}
    config = config.model_copy(update={"model": config.model.model_copy(update=use)})
    result: Any = score(config, _beginning(shared_data / "walking" / "walk36.npz"))
    assert result["nonfinite"] == 0
    assert result["parameter_version"] > 0
    assert result["rmse_after_10s"]["hip_flexion_r"] < LARGEST_HIP_ERROR_NM
