"""The datagram, its test vector, and the clients that read it."""

import json
import shutil
import socket
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import TOOLS

from pipeline.errors import UserError
from pipeline.output.datagram import (
    MOST_JOINTS,
    SIZES,
    VERSIONS,
    DatagramError,
    decode,
    encode,
    session_number,
)
from pipeline.output.message import MetaMessage, MomentMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.output.udp import UdpPublisher

CLIENTS = TOOLS / "clients"
VECTOR = json.loads((CLIENTS / "test_vector.json").read_text())
finite = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def messages(draw):
    joints = draw(st.integers(1, MOST_JOINTS))
    known = draw(st.booleans())
    return MomentMessage(
        session=draw(st.text("0123456789abcdef", min_size=12, max_size=12)),
        seq=draw(st.integers(0, 2**63 - 1)),
        t=draw(st.none() | finite),
        t_published=draw(finite),
        valid_until=draw(finite),
        status=draw(st.sampled_from(Status)),
        ok=draw(st.lists(st.booleans(), min_size=joints, max_size=joints)),
        moment=draw(st.lists(finite, min_size=joints, max_size=joints)),
        sd=draw(st.lists(st.floats(0, 1e300), min_size=joints, max_size=joints)) if known else None,
        stiffness=draw(st.none() | st.lists(finite, min_size=joints, max_size=joints)),
        parameter_version=draw(st.integers(0, 2**32 - 1)),
        parameter_age_s=draw(st.floats(0, 1e9)),
    )


def as_float32(values):
    """Return what float32 holds of the values, the largest number for what is beyond it."""
    largest = np.finfo(np.float32).max
    return np.clip(values, -largest, largest).astype(np.float32)


@given(messages(), st.sampled_from(VERSIONS))
def test_what_is_encoded_is_decoded(message, version):
    frame = encode(message, version)
    assert len(frame) == SIZES[version] == {1: 192, 2: 256}[version]
    back = decode(frame)
    assert (back.status, back.seq, back.t) == (message.status, message.seq, message.t)
    assert back.session == session_number(message.session)
    assert back.ok == tuple(message.ok)
    assert (back.t_published, back.valid_until) == (message.t_published, message.valid_until)
    np.testing.assert_array_equal(np.float32(back.moment), as_float32(message.moment))
    assert (back.deviation is None) == (message.sd is None)
    if version == 1 or message.stiffness is None:
        assert back.stiffness is None
    else:
        np.testing.assert_array_equal(np.float32(back.stiffness), as_float32(message.stiffness))


@given(messages())
def test_the_second_version_is_the_first_with_stiffness_behind_it(message):
    """All but the version and the flag of the stiffness: who reads offsets reads the same."""
    first, second = (bytearray(encode(message, version)) for version in VERSIONS)
    for frame in (first, second):
        frame[4], frame[58] = 0, frame[58] & 3
    assert first[:188] == second[:188]


@given(messages(), st.sampled_from(VERSIONS), st.integers(0, 255), st.integers(1, 255))
def test_a_damaged_byte_is_always_noticed(message, version, place, change):
    frame = bytearray(encode(message, version))
    frame[place % len(frame)] ^= change
    with pytest.raises(DatagramError):
        decode(bytes(frame))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(frame):
    with pytest.raises(DatagramError):
        decode(frame)


def vector_message():
    return MomentMessage(**VECTOR["message"])


def test_the_test_vector_is_what_is_sent():
    """Who writes a decoder of their own tests it against this file."""
    assert encode(vector_message()).hex() == VECTOR["datagram"]
    assert encode(vector_message(), 2).hex() == VECTOR["datagram_v2"]


def test_more_joints_than_fit_are_refused():
    with pytest.raises(UserError, match="holds 16 joints"):
        UdpPublisher("127.0.0.1:5560", 17)


@pytest.mark.parametrize("address", ["", "5560", "127.0.0.1", "127.0.0.1:port", "127.0.0.1:99999"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(UserError, match=r"output\.udp"):
        UdpPublisher(address, 3)


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(20)
        yield udp


def publisher(port, version=1):
    meta = MetaMessage(
        session="0123456789ab",
        dofs=("hip", "knee"),
        rate_hz=100.0,
        muscles=("a",),
        valid_for_s=0.1,
    )
    return Publisher(meta, [UdpPublisher(f"127.0.0.1:{port}", 2, version)])


@pytest.mark.system
def test_every_moment_arrives_as_a_datagram_and_the_last_says_stopped(receiver):
    publishing = publisher(receiver.getsockname()[1])
    for i in range(5):
        moment = np.array([1.0 * i, -2.0 * i])
        publishing.publish_moment(moment, moment < 9, Status.NOMINAL, 10.0 + i, sd=moment**2)
    publishing.close()
    got = [decode(receiver.recv(1000)) for _ in range(6)]
    assert [datagram.seq for datagram in got] == list(range(6))
    assert got[3].moment == (3.0, -6.0)
    assert got[3].deviation == (9.0, 36.0)
    assert got[3].t == 13.0
    assert got[5].status is Status.STOPPED
    assert got[5].ok == (False, False)


@pytest.mark.system
def test_a_datagram_that_is_not_sent_is_counted_and_told_of_once(caplog):
    meta = MetaMessage(session="s", dofs=("a",), rate_hz=1.0, muscles=("m",), valid_for_s=0.1)
    forbidden = UdpPublisher(
        "255.255.255.255:5560", 1
    )  # to all: the system wants to be asked first
    publishing = Publisher(meta, [forbidden])
    for _ in range(2):
        publishing.publish_moment(np.ones(1), np.ones(1) > 0, Status.NOMINAL, 10.0)
    assert publishing.counts.lost_datagrams == 2
    assert caplog.text.count("a datagram was not sent") == 1
    publishing.close()


@pytest.mark.system
@pytest.mark.parametrize("version", VERSIONS)
def test_the_cpp_client_reads_the_real_publisher(tmp_path, receiver, version):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    client = tmp_path / "client"
    flags = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *flags, "-o", client, CLIENTS / "udp_client.cpp"], check=True)
    port = receiver.getsockname()[1]
    receiver.close()
    process = subprocess.Popen([client, str(port), "5"], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == f"listening on {port}\n"
    publishing = publisher(port, version)
    publishing.publish_moment(np.array([9.0, 9.0]), np.zeros(2) > 0, Status.CALIBRATING, 9.0)
    for i in range(3):
        moment = np.array([0.5 + i, 1.0])
        publishing.publish_moment(
            moment, moment > 0, Status.NOMINAL, 10.0 + i, stiffness=8.0 * moment
        )
    publishing.close()
    lines = process.communicate(timeout=30)[0].splitlines()
    words = [dict(zip(line.split()[::2], line.split()[1::2], strict=True)) for line in lines]
    assert [int(word["seq"]) for word in words] == [0, 1, 2, 3, 4]
    assert [float(word["moment"]) for word in words] == [9.0, 0.5, 1.5, 2.5, 0.0]
    stiffness = [0.0, 4.0, 12.0, 20.0, 0.0] if version == 2 else [0.0] * 5
    assert [float(word["stiffness"]) for word in words] == stiffness
    assert [int(word["ok"]) for word in words] == [0, 3, 3, 3, 0]
    assert [int(word["status"]) for word in words] == [6, 1, 1, 1, 5]
    assert float(words[0]["torque"]) == 0.0
    assert all(0 <= float(word["age"]) < 30 for word in words)
    assert float(words[4]["torque"]) <= float(words[3]["torque"]) <= 2.5
