"""A folder of small arms whose recordings are made once."""

import shutil

import pytest
from small_cohort import record, write_setup, write_table


@pytest.fixture(scope="package")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arms")
    write_setup(folder)
    record(folder, 2)
    return folder


@pytest.fixture
def arms(recorded, tmp_path):
    """Two people, in a folder of the test's own."""
    folder = tmp_path / "arms"
    shutil.copytree(recorded, folder)
    write_setup(folder)
    write_table(folder, {"Ann": "P0.npz", "Ben": "P1.npz"})
    return folder
