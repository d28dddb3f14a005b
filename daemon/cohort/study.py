"""What a study asks for: the sections of STUDY.toml."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from daemon.config.section import Positive, Section
from daemon.offline.segments import Kind, Passage, parse_ranges
from pipeline.errors import UserError

WHOLE: tuple[Kind, list[str]] = ("seconds", ["0:1e9"])
"""What is calibrated on where nothing is chosen: all of a recording."""
KINDS: tuple[Kind, ...] = ("cycles", "seconds", "frames")


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_several)]
"""A text or several."""


class ColumnsConfig(Section):
    """What the columns of the table are called."""

    person: str = Field("person", description="Who it is; rows of one person are learnt together.")
    recording: str = Field(
        "recording", description="The recording, as `calibrate` takes it, relative to the table."
    )
    group: str | None = Field(None, description="What people are compared by in the report.")
    heldout: str | None = Field(None, description="A recording that is scored only.")
    ranges: str | None = Field(
        None, description="Ranges of this person, in place of those of [calibrate]."
    )

    @property
    def named(self) -> list[str]:
        """The columns that the table has to have."""
        return [name for name in self.model_dump().values() if name is not None]


class ChoiceConfig(Section):
    """What to calibrate on, as with the options of `calibrate` that have the same names."""

    cycles: Texts = Field(default_factory=list, description="Ranges of gait cycles.")
    seconds: Texts = Field(default_factory=list, description="Ranges of time, s.")
    frames: Texts = Field(default_factory=list, description="Ranges of the reference's samples.")
    stance: bool = Field(False, description="Score the stances alone of held-out recordings.")

    @property
    def kind(self) -> Kind:
        """What the ranges count."""
        return next((kind for kind in KINDS if getattr(self, kind)), WHOLE[0])

    @property
    def ranges(self) -> list[Passage]:
        """The ranges that apply to each person who has none of their own."""
        return parse_ranges(self.kind, getattr(self, self.kind) or WHOLE[1])

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        given = [kind for kind in KINDS if getattr(self, kind)]
        if len(given) > 1:
            raise ValueError(f"choose by one of {' and '.join(given)}, not by both")
        try:
            _ = self.ranges
        except UserError as error:
            raise ValueError(str(error).removeprefix("--")) from error
        return self


class DesignConfig(Section):
    """How often each person is calibrated."""

    type: Literal["plain", "folds", "bootstrap"] = Field(
        "plain",
        description="Once; K times, each without another share of the cycles or ranges, which is "
        "scored; or once and then on cycles or ranges drawn anew, which gives intervals.",
    )
    folds: Annotated[int, Field(ge=2, le=100)] = Field(5, description="K of `folds`.")
    resamples: Annotated[int, Field(ge=2, le=10_000)] = Field(
        100, description="Draws of `bootstrap`."
    )


class RunConfig(Section):
    """How the work is cut."""

    workers: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None, description="Processes on this machine; without it one for each processor."
    )
    batch: Annotated[int, Field(ge=1, le=1024)] = Field(
        8, description="Calibrations that are computed together at most."
    )
    memory_gb: Positive = Field(
        2.0, description="Memory of a process, GB; so many are computed together as fit."
    )


class SlurmConfig(Section):
    """Jobs that a SLURM cluster starts for `--slurm`, a process each."""

    jobs: Annotated[int, Field(ge=1, le=10_000)] = Field(10, description="Jobs at most.")
    walltime: str = Field("02:00:00", description="Time that a job may take, h:min:s.")
    partition: str | None = Field(None, description="Partition.")
    account: str | None = Field(None, description="Account.")
    interface: str | None = Field(None, description="Network interface, such as ib0.")
    prologue: list[str] = Field(
        default_factory=list, description="Shell lines before the work, such as 'module load ...'."
    )


class Study(Section):
    """A whole study."""

    title: str = Field("Cohort", description="What this study is, in a few words.")
    table: Path = Field(description="CSV or Parquet file of recordings, relative to this file.")
    setups: Annotated[Texts, Field(min_length=1)] = Field(
        description="Set-ups by path or name; everybody is calibrated with each."
    )
    output: Path = Field(description="Folder of all results, relative to this file; it is made.")
    seed: Annotated[int, Field(ge=0)] = Field(0, description="Decides folds and draws.")
    columns: ColumnsConfig = ColumnsConfig()
    calibrate: ChoiceConfig = ChoiceConfig()
    study: DesignConfig = DesignConfig()
    run: RunConfig = RunConfig()
    slurm: SlurmConfig = SlurmConfig()

    @model_validator(mode="after")
    def _has_enough_to_fold(self) -> Self:
        pieces = len(pieces_of(self.calibrate.kind, self.calibrate.ranges))
        refusal = too_few(self.study, pieces)
        if refusal and self.columns.ranges is None:
            raise ValueError(refusal)
        return self

    @model_validator(mode="after")
    def _setups_differ(self) -> Self:
        names = [Path(setup).stem for setup in self.setups]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"setups has {twice} twice; results are told apart by the file's name")
        return self


def pieces_of(kind: Kind, ranges: list[Passage]) -> list[Passage]:
    """Return what is left out or drawn as a whole: each cycle, or each range."""
    if kind != "cycles":
        return list(ranges)
    return [(float(i), i + 1.0) for start, stop in ranges for i in range(int(start), int(stop))]


def too_few(design: DesignConfig, pieces: int) -> str | None:
    """Return what is wrong where there are not enough cycles or ranges for a design."""
    least = {"plain": 1, "folds": design.folds, "bootstrap": 2}[design.type]
    if pieces >= least:
        return None
    kind = f"{design.folds} folds" if design.type == "folds" else "a bootstrap"
    return (
        f"{kind} of {pieces} cycles or ranges cannot be made; choose at least {least} of them in "
        "[calibrate], or another study.type"
    )
