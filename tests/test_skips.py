"""A skip that nobody expected fails the run where CI is set."""

import os
import subprocess
import sys

import pytest
from places import ROOT
from skips import ALLOWED, why_allowed

PROGRAM = """
import pytest

def test_skipped():
    pytest.skip({reason!r})

def test_passes():
    pass
"""


def run(folder, reason, **environment):
    (folder / "test_it.py").write_text(PROGRAM.format(reason=reason))
    (folder / "conftest.py").write_text('pytest_plugins = ["skips"]\n')
    clean = {k: v for k, v in os.environ.items() if k not in ("CI", "PYTEST_ADDOPTS")}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "support")])
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "--rootdir", folder, folder],
        env=clean | {"PYTHONPATH": paths} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )


def test_an_unexpected_skip_fails_in_ci_and_is_named(tmp_path):
    done = run(tmp_path, "no such package", CI="true")
    assert done.returncode == 1
    assert "NOT ALLOWED: test_it.py::test_skipped" in done.stdout
    assert "no such package" in done.stdout


def test_elsewhere_it_is_only_named(tmp_path):
    done = run(tmp_path, "no such package")
    assert done.returncode == 0
    assert "NOT ALLOWED" in done.stdout


def test_an_allowed_skip_passes_in_ci_and_is_counted(tmp_path):
    done = run(tmp_path, "no C++ compiler", CI="true")
    assert done.returncode == 0
    assert "1 x no C++ compiler: only the C++ client needs one" in done.stdout


@pytest.mark.parametrize("package", ["opensim", "mujoco", "pyarrow", "matplotlib", "sklearn"])
def test_no_package_of_the_tests_may_be_missing(package):
    assert why_allowed(f"could not import '{package}': No module named '{package}'") is None
    assert why_allowed(f"{package} is not installed") is None
    assert not any(package in pattern for pattern in ALLOWED)
