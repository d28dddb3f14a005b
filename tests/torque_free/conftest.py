"""The torque-free arm, on streams and addresses of a test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from daemon.config import Config, load_config

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def written(tmp_path) -> Callable[..., Path]:
    """Write the shipped set-up with some of its text replaced, and return the file."""

    def write(*changes: tuple[str, str]) -> Path:
        text = (ROOT / "configs" / "torque-free-arm.toml").read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "arm.toml"
        path.write_text(text.replace('"models/', f'"{ROOT.as_posix()}/configs/models/'))
        return path

    return write


@pytest.fixture
def arm(written) -> Callable[..., Config]:
    """The shipped set-up with some of its text replaced."""
    return lambda *changes: load_config(written(*changes))
