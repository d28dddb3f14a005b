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
        ("1,2\n", "has 1 lines"),
        ("a,b\n1,2\n", "no column of time"),
        ("t,b\n0,x\n", "not a table of numbers"),
        ("t,b\n0,1,2\n1,2,3\n", "2 names, but rows of 3"),
        ("t,b [mV],c [N]\n0,1,2\n", "have the units 'N', 'mV'"),
        ("t,b [N]\n0,1\n1,2\n", "unit 'N' is not one the emg stream"),
        ("t,b\n1,1\n0,2\n", "Time does not increase"),
    ],
)
def test_a_faulty_table_is_one_sentence(tmp_path, text, sentence):
    (tmp_path / "emg.csv").write_text(text)
    with pytest.raises(UserError, match=sentence):
        load_recording(tmp_path / "emg.csv")
