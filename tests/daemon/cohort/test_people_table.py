"""The table of recordings."""

import pyarrow
import pytest
from pyarrow import parquet

from daemon.cohort.people import read_people
from daemon.cohort.study import ColumnsConfig
from pipeline.errors import UserError
from pipeline.streams.recordings.given import Parts

COLUMNS = ColumnsConfig(group="group", heldout="other", ranges="ranges")


@pytest.fixture
def table(tmp_path):
    def write(*rows):
        path = tmp_path / "people.csv"
        path.write_text("\n".join(["person,group,recording,other,ranges", *rows]) + "\n")
        return path

    return write


def refused(table, columns=COLUMNS):
    with pytest.raises(UserError) as error:
        read_people(table, columns)
    return str(error.value)


def test_rows_of_one_person_are_theirs_together(table, tmp_path):
    for name in ("a.npz", "b.npz"):
        (tmp_path / name).touch()
    ann, ben = read_people(
        table("Ann,x,a.npz,c.npz,1:2", "Ben,,b.npz,,", "Ann,x,b.npz,c.npz,1:2"), COLUMNS
    )
    assert ann.recordings == (tmp_path / "a.npz", tmp_path / "b.npz")
    assert ann.heldout == (tmp_path / "c.npz",)
    assert (ann.group, ann.ranges, ben.group, ben.ranges) == ("x", "1:2", "", None)


def test_a_recording_may_be_files_with_their_roles(table, tmp_path):
    (person,) = read_people(table('Ann,,"emg=e.csv,angles=q.mot",,'), COLUMNS)
    (recording,) = person.recordings
    assert isinstance(recording, Parts)
    assert str(recording) == f"emg={tmp_path / 'e.csv'},angles={tmp_path / 'q.mot'}"


def test_a_stream_of_a_file_is_not_taken_for_a_file(table, tmp_path):
    (tmp_path / "lab.xdf").touch()
    (person,) = read_people(table('Ann,,"lab.xdf,emg=Delsys",,'), COLUMNS)
    assert str(person.recordings[0]) == f"{tmp_path / 'lab.xdf'},emg=Delsys"


def test_parquet_is_read_as_well(tmp_path):
    path = tmp_path / "people.parquet"
    columns = {"person": [7, 8], "recording": ["a.npz", "b.npz"], "group": [None, "x"]}
    parquet.write_table(pyarrow.table(columns), path)
    people = read_people(path, ColumnsConfig(group="group"))
    assert [(one.name, one.group) for one in people] == [("7", ""), ("8", "x")]


def test_mistakes_of_a_table_are_told(table, tmp_path):
    assert "Row 3 of" in refused(table("Ann,x,a.npz,,", ",x,b.npz,,"))
    assert "two different values of group ('x' and 'y')" in refused(
        table("Ann,x,a.npz,,", "Ann,y,b.npz,,")
    )
    assert "has no rows" in refused(table())
    wrong = ColumnsConfig(person="persons")
    assert "no column 'persons' (did you mean 'person'?)" in refused(table(), wrong)
    assert "cannot be read" in refused(tmp_path / "none.csv")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    assert "is not a CSV or Parquet file" in refused(tmp_path / "bad.parquet")
