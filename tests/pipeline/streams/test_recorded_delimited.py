import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.streams.recordings.load import load_recording

SOUND = [
    ("emg.csv", "\ufefftime,SOL (mV),TA (mV)\n0,1.5,2\n0.01,3,4\n", "mV", 0.01),
    ("emg.csv", "# EMG\n\nTime [ms];SOL [mV];TA [mV]\n0;1,5;2\n10;3;4\n", "mV", 0.01),
    ("ik.tsv", "SOL [deg]\tt\tTA [deg]\n1.5\t0\t2\n3\t1\t4\n", "deg", 1.0),
]


@pytest.mark.parametrize(("name", "text", "unit", "interval"), SOUND)
def test_tables_as_programs_write_them(tmp_path, name, text, unit, interval):
    (tmp_path / name).write_text(text, encoding="utf-8")
    (stream,) = load_recording(tmp_path / name).streams.values()
    assert (stream.channels, stream.unit) == (("SOL", "TA"), unit)
    assert stream.x.tolist() == [[1.5, 2], [3, 4]]
    assert stream.t[1] == pytest.approx(interval)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1,2\n", "holds one line"),
        ("a,b\n1,2\n", "no column of time"),
        ("t,b\n0,1\n1,x" + 200_000 * "x", "is not a table .field larger"),
        ('"t,' + 200_000 * "x" + "\n0,1\n", "is not a table .field larger"),
        ("t,b\n0,x\n", "has 'x' in row 1 of its data, which is not a number"),
        ("t,b\n0,1,2\n1,2,3\n", "2 names, but 3 values in row 1"),
        ("t,b\n0,1\n\n1\n", "2 names, but 1 values in row 2"),
        ("t,b [mV],c [N]\n0,1,2\n", "have the units 'N', 'mV'"),
        ("t,b [N]\n0,1\n1,2\n", "unit 'N' is not one the emg stream"),
        ("t,b\n1,1\n0,2\n", "Time does not increase"),
    ],
)
def test_a_faulty_table_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "emg.csv").write_text(text)
    with pytest.raises(UserError, match=sentence):
        load_recording(tmp_path / "emg.csv")


def test_quotes_and_empty_cells_are_those_of_spreadsheets(tmp_path):
    text = '"time","SOL, left (mV)","TA (mV)"\n"0","1","2"\n0.01,,4\n'
    (tmp_path / "emg.csv").write_text(text)
    emg = load_recording(tmp_path / "emg.csv").streams["emg"]
    assert (emg.channels, emg.unit) == (("SOL, left", "TA"), "mV")
    np.testing.assert_array_equal(emg.x, [[1, 2], [np.nan, 4]])


def test_a_separator_at_the_end_of_every_line_is_no_channel(tmp_path):
    (tmp_path / "emg.csv").write_text("sep=;\ntime;SOL;TA;\n0;1;2;\n1;3;4;\n")
    emg = load_recording(tmp_path / "emg.csv").streams["emg"]
    assert (emg.channels, emg.x.tolist()) == (("SOL", "TA"), [[1, 2], [3, 4]])
