"""The simulated lab as a recording, made as fast as the machine computes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from daemon.config import Config
from daemon.simulation.lab import Lab
from daemon.simulation.sensors.electrodes import EMG_RATE_HZ
from pipeline.errors import UserError

_BLOCK_MS = 1000


def write_recording(
    config: Config, seconds: float, path: Path, *, truth_file: Path | None = None
) -> None:
    """Write what the lab's sensors give in its first seconds as an .npz recording.

    Parameters
    ----------
    config
        The set-up.
    seconds
        Length of the recording, rounded up to whole seconds.
    path
        The file; its keys are ``time``, ``fs``, ``q`` (rad), ``moment`` (N*m), ``valid`` and
        ``dof_names`` at the rate of the angles, and ``emg_time``, ``emg_fs``, ``emg`` (raw, V),
        ``emg_names`` and ``unit`` (that of the EMG). Its stamps do not jitter.
    truth_file
        Where the true parameters are written as JSON.

    Raises
    ------
    UserError
        If the set-up cannot be simulated, its angles and moments are not of the same joints at
        the same rate, or the file cannot be written.
    """
    streams = config.streams
    angles, moments = streams.angles, streams.moments
    if not moments or (moments.channels, moments.rate_hz) != (angles.channels, angles.rate_hz):
        raise UserError(
            f"An .npz recording of '{config.title}' needs streams.moments with the channels and "
            f"the rate of streams.angles ({angles.channels}, {angles.rate_hz:g} Hz)."
        )
    lab = Lab(config)
    blocks = [lab.block(_BLOCK_MS) for _ in range(int(np.ceil(1000 * seconds / _BLOCK_MS)))]
    time = np.concatenate([block.angles.t for block in blocks])
    content = {
        "time": time,
        "fs": np.array(angles.rate_hz),
        "q": np.concatenate([block.angles.x for block in blocks]),
        "moment": np.concatenate([block.moments.x for block in blocks]),
        "valid": np.ones(len(time), dtype=bool),
        "dof_names": np.array(angles.channels),
        "emg_time": np.concatenate([block.emg.t for block in blocks]),
        "emg_fs": np.array(float(EMG_RATE_HZ)),
        "emg": np.concatenate([block.emg.x for block in blocks]),
        "emg_names": np.array(streams.emg.channels),
        "unit": np.array("V"),
    }
    _save(path, content)
    if truth_file:
        lab.write_truth(truth_file)


def _save(path: Path, content: dict[str, np.ndarray]) -> None:
    try:
        with path.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **content)
    except OSError as error:
        raise UserError(
            f"The recording cannot be written to {path} ({error.strerror}); "
            "give a file in a folder that exists."
        ) from error
