"""The recording that belongs to a set-up, so that nobody has to name it again."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from daemon.config.section import Section


class RecordingConfig(Section):
    """Files that `calibrate`, `score`, `electrodes` and `play` take where none is named."""

    roles: ClassVar = ("emg", "angles", "moments")

    files: list[Path] = Field(
        default_factory=list,
        description="Recordings that hold all streams, relative to this file; of several `score` "
        "and `play` take the first.",
    )
    emg: list[Path] = Field(default_factory=list, description="Files of EMG, one a trial.")
    angles: list[Path] = Field(default_factory=list, description="Files of joint angles.")
    moments: list[Path] = Field(default_factory=list, description="Files of reference moments.")

    def beside(self, folder: Path) -> RecordingConfig:
        """Return the same files, those that are relative being in `folder`."""
        return self.model_copy(
            update={
                key: [folder / file for file in getattr(self, key)]
                for key in ("files", *self.roles)
            }
        )
