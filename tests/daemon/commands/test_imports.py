"""What a command imports is what its start costs; nothing is imported that it does not use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli import main

ROOT = Path(__file__).parents[3]
COMMAND = """
import sys
from daemon.cli import main
main(sys.argv[1:], standalone_mode=False)
print(*sys.modules, file=sys.stderr)
"""
FILTERS = {"scipy.signal"}


def imported(*arguments):
    """Modules in a fresh interpreter after a command."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    modules = set(done.stderr.splitlines()[-1].split())
    assert "daemon.cli" in modules
    return modules


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_needs_no_numbers(arguments):
    assert not imported(*arguments) & {"numpy", "torch", "scipy", "pydantic", "zmq", "pylsl"}


def test_a_command_imports_no_other():
    others = {f"daemon.commands.{of}" for of in ("live", "offline", "sessions", "setup.init")}
    assert not imported("check", "--help") & others


def test_every_command_is_where_it_is_said_to_be():
    assert {command.name for command in main.commands.values()} == set(main.commands)


def test_a_set_up_is_checked_without_torch_and_without_filters_it_has_not():
    assert not imported("check", "walking") & ({"torch"} | FILTERS)


@pytest.mark.system
def test_a_calibration_does_without_filters_and_readers_of_other_files(shared_data):
    walk = shared_data / "walking" / "walk36.npz"
    modules = imported("calibrate", "walking", walk, "--frames", "1317:1433")
    assert "torch" in modules
    assert not modules & (FILTERS | {"scipy.io", "pyxdf"})
