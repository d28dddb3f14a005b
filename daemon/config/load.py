"""The reader of a set-up's file, which tells every mistake at once."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from daemon.config.body import is_curve_file
from daemon.config.streams import StreamsConfig
from daemon.config.whole import Config
from pipeline.errors import UserError
from pipeline.files import refuse_large
from pipeline.transport.key_files import beside, exists


def config_path(name: str | Path) -> Path:
    """Return the file meant by `name`: a path, or the bare name of a set-up that is shipped."""
    path = Path(name)
    if exists(path):
        return path
    for root in _shipped_configs():
        for candidate in (root / path.name, root / f"{path.name}.toml"):
            if exists(candidate):
                return candidate
    raise UserError(f"Configuration '{name}' does not exist; give the path of a TOML file.")


def _shipped_configs() -> list[Path]:
    """Return where the shipped set-ups lie: inside an installed package, or beside the source."""
    package = Path(str(resources.files("daemon")))
    return [package / "configs", package.parent / "configs"]


def load_config(name: str | Path) -> Config:
    """Read and validate a configuration.

    Paths inside the file are taken relative to it.

    Raises
    ------
    UserError
        If the file is missing, is not TOML, or does not hold a valid configuration; the message
        lists every mistake with its place and value.
    """
    path = config_path(name)
    refuse_large(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # also a number of more digits than are read
        raise UserError(f"{path} is not a TOML file: {error}.") from error
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise UserError(_explain(path, error)) from error
    return _with_absolute_paths(config, path.resolve().parent)


def _with_absolute_paths(config: Config, folder: Path) -> Config:
    subject = folder / config.model.subject if config.model.subject else None
    curves = config.model.curves
    if curves is not None and is_curve_file(curves):
        curves = str(folder / curves)
    paths = {"file": folder / config.model.file, "subject": subject, "curves": curves}
    model = config.model.model_copy(update=paths)
    streams, security, skeleton = config.streams, config.security, config.skeleton
    if skeleton is not None:
        skeleton = skeleton.model_copy(update={"file": folder / skeleton.file})
    inputs = {
        key: stream.model_copy(update={"server_key": beside(stream.server_key, folder)})
        for key in StreamsConfig.roles
        if (stream := getattr(streams, key)) is not None and stream.server_key is not None
    }
    calibrator = config.calibrator
    if calibrator.server_key is not None:
        key = beside(calibrator.server_key, folder)
        calibrator = calibrator.model_copy(update={"server_key": key})
    keys = {
        "server_key": folder / security.server_key if security.server_key else None,
        "data_clients": [beside(entry, folder) for entry in security.data_clients],
        "control_clients": [beside(entry, folder) for entry in security.control_clients],
    }
    return config.model_copy(
        update={
            "recording": config.recording.beside(folder),
            "model": model,
            "skeleton": skeleton,
            "calibrator": calibrator,
            "streams": streams.model_copy(update=inputs),
            "security": security.model_copy(update=keys),
        }
    )


def _explain(path: Path, error: ValidationError) -> str:
    mistakes = error.errors()
    count = "one mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = [f"{path} has {count}:"]
    for mistake in mistakes:
        place = ".".join(str(part) for part in mistake["loc"]) or "the whole file"
        shown = _shown(mistake["input"])
        value = f" (got {shown})" if len(shown) <= 60 and mistake["type"] != "missing" else ""
        lines.append(f"  {place}: {mistake['msg'].removeprefix('Value error, ')}{value}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    """Return a value as Python writes it; an integer that is too long to be written, in words."""
    try:
        return repr(value)
    except ValueError:
        return "a number of thousands of digits"
