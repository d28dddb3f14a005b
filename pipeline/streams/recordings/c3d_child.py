"""The analog channels of a C3D file as .npz: run in a process of its own, whose end harms nobody.

``python -m pipeline.streams.recordings.c3d_child FILE OUT``: the library that reads C3D is not
proof against files that are broken.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def analog(path: str) -> dict[str, Any]:
    """Return labels, units, rate (Hz), first frame from 0, its rate (Hz), samples [n, channel]."""
    import ezc3d

    content = ezc3d.c3d(path)
    told = content["parameters"]["ANALOG"]
    labels = [str(one) for one in told.get("LABELS", {}).get("value", [])]
    units = [str(one) for one in told.get("UNITS", {}).get("value", [])]
    x = np.asarray(content["data"]["analogs"], dtype=np.float64)[0].T
    padded = labels + [str(place + 1) for place in range(len(labels), x.shape[1])]
    return {
        "labels": np.array(padded[: x.shape[1]], dtype=np.str_),
        "units": np.array((units + [""] * x.shape[1])[: x.shape[1]], dtype=np.str_),
        "rate_hz": float(content["header"]["analogs"]["frame_rate"]),
        "first_frame": int(content["header"]["points"]["first_frame"]),
        "frame_rate_hz": float(content["header"]["points"]["frame_rate"]),
        "x": x,
    }


def write_analog(source: Path, out: Path) -> None:
    """Write what `analog` finds to an ``.npz`` file."""
    np.savez(out, **analog(str(source)))


if __name__ == "__main__":
    write_analog(Path(sys.argv[1]), Path(sys.argv[2]))
