"""The torque-free arm, on streams and addresses of a test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from places import CONFIGS, ROOT

from daemon.config import Config, load_config


@pytest.fixture
def torque_free_file(tmp_path) -> Callable[..., Path]:
    """Write the shipped set-up with some of its text replaced, and return the file."""

    def write(*changes: tuple[str, str]) -> Path:
        text = (CONFIGS / "torque-free-arm.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "arm.toml"
        path.write_text(text.replace('"models/', f'"{ROOT.as_posix()}/configs/models/'))
        return path

    return write


@pytest.fixture
def torque_free_arm(torque_free_file) -> Callable[..., Config]:
    """The shipped set-up with some of its text replaced."""
    return lambda *changes: load_config(torque_free_file(*changes))
