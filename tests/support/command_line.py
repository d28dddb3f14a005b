"""The command as a person uses it, and set-ups to use it on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from places import CONFIGS

from daemon.cli import main


@pytest.fixture
def hillstream() -> Callable[..., Result]:
    """Run the command with some arguments."""
    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments])


@pytest.fixture
def changed_config(tmp_path: Path) -> Callable[..., Path]:
    """Write a shipped set-up with parts of its text replaced: ``changed_config("arm", {a: b})``."""

    def write(name: str, replacements: dict[str, str], more: str = "") -> Path:
        text = (CONFIGS / f"{name}.toml").read_text(encoding="utf-8")
        replacements = {'"models/': f'"{CONFIGS}/models/', **replacements}
        for before, after in replacements.items():
            assert before in text
            text = text.replace(before, after)
        path = tmp_path / f"{name}-changed.toml"
        path.write_text(f"{text}\n{more}", encoding="utf-8")
        return path

    return write
