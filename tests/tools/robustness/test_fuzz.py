"""Spoilt input at every entrance is taken, or refused as documented; tools/fuzz tries more."""

import io
import tracemalloc
import zipfile
from random import Random

import msgpack
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools.robustness.fuzz import examples, mutate
from tools.robustness.fuzz.__main__ import main
from tools.robustness.fuzz.count import Count
from tools.robustness.fuzz.entrances import Entrance, entrances

ENTRANCES = entrances()
MESSAGES = ("stream", "request", "reply", "published", "exo-client", "link", "elsewhere")
FAST = tuple(name for name in ENTRANCES if name != "c3d")
"""A broken C3D file can keep its library busy for seconds; elsewhere a few are tried."""
some = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", ENTRANCES)
def test_every_example_is_taken(name):
    assert all(ENTRANCES[name].take(example) for example in ENTRANCES[name].examples()[:1])


@pytest.mark.parametrize("name", FAST)
@given(data=st.binary(max_size=300))
@some
def test_any_bytes_are_refused_as_documented(name, data):
    ENTRANCES[name].take(data)


@pytest.mark.parametrize("name", FAST)
@given(seed=st.integers(0, 2**32))
@some
def test_spoilt_input_is_taken_or_refused_as_documented(name, seed):
    ENTRANCES[name].take(ENTRANCES[name].inputs(Random(seed)))


@pytest.mark.parametrize("name", MESSAGES)
def test_a_few_bytes_cannot_claim_much_memory(name):
    entrance = ENTRANCES[name]
    topics = [example.partition(b" ")[0] + b" " for example in entrance.examples()]
    tracemalloc.start()
    try:
        for kind in (b"\xdc\xff\xff", b"\xdd\x00\x0f\xff\xff", b"\xdc\x02\x00", b"\xdc\x10\x00"):
            for topic in (b"", *topics):
                entrance.take(topic + kind * 1000)
        assert tracemalloc.get_traced_memory()[1] < 150e6
    finally:
        tracemalloc.stop()


def test_one_long_text_among_numbers_fills_no_memory():
    """NumPy would make every number as wide as the text."""
    fields = msgpack.unpackb(examples.stream_messages()[0][4:])
    fields["x"] = [[0] * 1000 for _ in range(200)] + [["x" * 1000] * 1000]
    tracemalloc.start()
    try:
        assert not ENTRANCES["stream"].take(b"emg " + msgpack.packb(fields)[:250_000])
        fields["x"][-1] = [0] * 999 + ["x" * 1000]
        assert not ENTRANCES["stream"].take(b"emg " + msgpack.packb(fields))
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


LAUGHS = '<!DOCTYPE a [<!ENTITY x0 "ha">' + "".join(
    f'<!ENTITY x{i} "{f"&x{i - 1};" * 20}">' for i in range(1, 9)
)


def test_entities_of_an_xml_file_are_not_expanded():
    bomb = f"<?xml version='1.0'?>{LAUGHS}]><subject>&x8;</subject>"
    assert not ENTRANCES["subject-xml"].take(bomb.encode())
    header = examples.xdf_chunk(2, b"\1\0\0\0" + bomb.encode())
    assert not ENTRANCES["xdf"].take(b"XDF:" + header)


@pytest.mark.parametrize("encoding", ["UTF-8UTF-8", "cp037", "utf-7", "idna"])
def test_an_xml_file_of_a_strange_encoding_is_refused(encoding):
    text = f"<?xml version='1.0' encoding='{encoding}'?><subject/>"
    assert not ENTRANCES["subject-xml"].take(text.encode())


@pytest.mark.parametrize("name", ["npz", "session", "xdf"])
def test_a_damaged_archive_is_refused(name):
    sound = ENTRANCES[name].examples()[-1]
    middle = len(sound) // 2
    for damaged in (sound[:middle], sound[:60] + bytes(len(sound) - 60)):
        assert not ENTRANCES[name].take(damaged)


@pytest.mark.parametrize("name", ["config", "model", "skeleton", "subject"])
def test_deep_nesting_in_a_file_is_refused(name):
    for opening in (b"[", b'{"a":', b"a=["):
        assert not ENTRANCES[name].take(opening * 50_000)


def test_numbers_too_long_to_be_written_are_refused():
    """Python writes and reads at most 4300 digits; a hexadecimal number of more is still one."""
    longest = b"0x" + b"f" * 4301
    config = ENTRANCES["config"].examples()[0]
    assert not ENTRANCES["config"].take(config.replace(b"rate_hz = ", b"rate_hz = %b#" % longest))
    table = ENTRANCES["table"].examples()[0]
    assert not ENTRANCES["table"].take(table.replace(b"nRows=3", b"nRows=" + b"9" * 4301))
    assert ENTRANCES["table"].take(table.replace(b"nRows=3", "nRows=²".encode()))


def test_a_member_of_an_archive_that_is_no_array_is_refused():
    sound = ENTRANCES["npz"].examples()[0]
    assert not ENTRANCES["npz"].take(sound.replace(b"\x93NUMPY", b"\x93NUMPX", 1))
    content = io.BytesIO(sound)
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("notes.txt", "none")
    assert not ENTRANCES["npz"].take(content.getvalue())


def test_a_crash_is_counted_and_told():
    def fall(data: bytes) -> bool:
        raise KeyError(data)

    count = Count()
    count.try_one(Entrance(fall, list, mutate.spoilt_msgpack), b"a")
    told = count.told()
    assert told["crashed"] == 1
    assert told["crashes"][0] == {"error": "KeyError: b'a'", "input": "61"}


def test_the_command_counts_every_input(tmp_path):
    command = ["--inputs", "50", "--entrance", "datagram", "--entrance", "key"]
    told = CliRunner().invoke(main, [*command, "--json", str(tmp_path / "f.json")])
    assert told.exit_code == 0
    assert "datagram" in told.output
    assert (tmp_path / "f.json").exists()
    assert CliRunner().invoke(main, ["--entrance", "window"]).exit_code == 2
