"""The model file: muscles, their generic parameters and their fitted paths, as JSON.

A file is written once by an importer (``daemon/modelling``) and read at every start. SI units
throughout; every name with a unit carries it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.errors import UserError
from pipeline.files import parsed_json

FORMAT = "hillstream-model/1"
"""What the file's ``format`` has to say."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Exponent = Annotated[int, Field(ge=0, le=20)]
Name = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class Coordinate:
    """A joint coordinate of the model."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    range_rad: tuple[Finite, Finite]
    """Lowest and highest angle the paths were fitted over, rad."""
    positive: Name
    """The movement that makes the angle larger, such as flexion."""

    @property
    def middle_rad(self) -> float:
        """Middle of the fitted range, rad."""
        return (self.range_rad[0] + self.range_rad[1]) / 2

    @property
    def half_range_rad(self) -> float:
        """Half of the fitted range, rad."""
        return (self.range_rad[1] - self.range_rad[0]) / 2


@dataclass(frozen=True)
class MusclePath:
    """A muscle-tendon length in metres as a polynomial of some coordinates.

    Length = sum over terms of coefficient * product over coordinates of x ** exponent, with
    x = (angle - middle) / half range, so that x runs from -1 to 1 over the fitted range.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    coordinates: tuple[Name, ...]
    """The coordinates the length depends on."""
    order: Exponent
    """Highest total degree of a term."""
    exponents: tuple[tuple[Exponent, ...], ...]
    """For each term one exponent per coordinate."""
    coefficients: tuple[Finite, ...]
    """One per term, m."""
    length_rms_m: NonNegative
    """Error of the fit on samples it has not seen: root mean square, m."""
    length_max_m: NonNegative
    """Largest error of the length on the same samples, m."""
    moment_arm_rms_m: dict[Name, NonNegative]
    """Root mean square error of the moment arm about each of the coordinates, m."""
    moment_arm_max_m: dict[Name, NonNegative]
    """Largest error of the moment arm about each of the coordinates, m."""


@dataclass(frozen=True)
class Muscle:
    """A muscle's generic parameters and its path."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    max_isometric_force_n: Positive
    optimal_fibre_length_m: Positive
    tendon_slack_length_m: Positive
    pennation_at_optimal_rad: Annotated[float, Field(ge=0, lt=1.5, allow_inf_nan=False)]
    """Angle between fibre and tendon at optimal fibre length, rad."""
    max_contraction_velocity_per_s: Positive
    """In optimal fibre lengths per second."""
    path: MusclePath


@dataclass(frozen=True)
class ModelFile:
    """What an importer has taken from a musculoskeletal model."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: Name
    origin: str
    """Source model, its version, and how the paths were fitted."""
    license: Name
    """Licence of the source model (SPDX)."""
    coordinates: Annotated[tuple[Coordinate, ...], Field(min_length=1)]
    muscles: Annotated[tuple[Muscle, ...], Field(min_length=1)]

    @property
    def muscle_names(self) -> tuple[str, ...]:
        """Names of the muscles in the file's order."""
        return tuple(muscle.name for muscle in self.muscles)

    @property
    def coordinate_names(self) -> tuple[str, ...]:
        """Names of the coordinates in the file's order."""
        return tuple(coordinate.name for coordinate in self.coordinates)


_READER = TypeAdapter(ModelFile)


def load_model(path: str | Path) -> ModelFile:
    """Read and validate a model file.

    Raises
    ------
    UserError
        If the file is missing, is not JSON, is not of this format, or holds a value that makes no
        sense; the message names the place and the value.
    """
    raw = _read_json(Path(path))
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise UserError(
            f"{path} is not a model file: its format is {found!r} where {FORMAT!r} is read; "
            "make it anew with 'hillstream model fit'."
        )
    content = {key: value for key, value in raw.items() if key != "format"}
    try:
        model = _READER.validate_python(content)
    except ValidationError as error:
        raise UserError(_explain(path, content, error)) from error
    if mistake := next(_mistakes(model), None):
        raise UserError(f"{path} does not hold a consistent model: {mistake}.")
    return model


def _read_json(path: Path) -> object:
    try:
        return parsed_json(path)
    except OSError as error:
        raise UserError(
            f"Model file {path} cannot be read ({error.strerror}); "
            "give the path of a model file such as configs/models/myoarm_right.json."
        ) from error
    except ValueError as error:
        raise UserError(f"Model file {path} is not JSON: {error}.") from error


def _explain(path: str | Path, content: dict[str, object], error: ValidationError) -> str:
    """Turn the first mistake into a sentence that names muscles by name, not by number."""
    mistake = error.errors()[0]
    place: list[str] = []
    inside: object = content
    for step in mistake["loc"]:
        try:
            inside = inside[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            inside = None
        name = inside.get("name") if isinstance(inside, dict) else None
        place.append(str(name) if name else str(step))
    shown = repr(mistake["input"])
    value = f", got {shown}" if len(shown) <= 60 and mistake["type"] != "missing" else ""
    return f"{path} does not hold a valid model: {'.'.join(place)}: {mistake['msg']}{value}."


def _mistakes(model: ModelFile) -> Iterator[str]:
    """Yield what the types of the fields cannot say."""
    for kind, names in (
        ("coordinate", model.coordinate_names),
        ("muscle", model.muscle_names),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"{kind} '{name}' is there {count} times"
    for coordinate in model.coordinates:
        low, high = coordinate.range_rad
        if not low < high:
            yield f"the range of '{coordinate.name}' must rise, got [{low:g}, {high:g}] rad"
    for muscle in model.muscles:
        for mistake in _path_mistakes(muscle.path, model.coordinate_names):
            yield f"the path of '{muscle.name}' {mistake}"


def _path_mistakes(path: MusclePath, known: tuple[str, ...]) -> Iterator[str]:
    for name in path.coordinates:
        if name not in known:
            yield f"depends on '{name}', which is none of the coordinates {list(known)}"
    if not path.coefficients or len(path.coefficients) != len(path.exponents):
        yield f"has {len(path.coefficients)} coefficients for {len(path.exponents)} terms"
    for term in path.exponents:
        if len(term) != len(path.coordinates):
            yield f"has the term {list(term)} for {len(path.coordinates)} coordinates"
