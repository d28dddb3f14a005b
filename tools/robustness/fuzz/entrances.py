"""Entrances of bytes from outside, each of which takes them or refuses them.

An entrance returns whether it took the input. Its own documented refusal is caught here; whatever
else it raises, or a value that it lets through and should not have, is a crash.
"""

from __future__ import annotations

import io
import json
import math
import os
import signal
import sqlite3
import struct
import zlib
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
from scipy.io import loadmat, savemat

from daemon.calibration.packed_rows import PackedRows
from daemon.calibration.wire import FROM_CALIBRATOR, TO_CALIBRATOR, Join
from daemon.config import load_config
from daemon.ipc.messages import RowsMessage, UpdateMessage
from daemon.ipc.orders import ANSWERS, ORDERS, RestoreOrder
from daemon.ipc.requests import ControlError, unpack_reply, unpack_request
from daemon.ipc.sockets import read
from daemon.report.material import load as load_session
from daemon.report.quality.records import read_records
from daemon.session import schema
from daemon.subjects.importing import import_subject
from daemon.terminal.lines import Lines
from pipeline.errors import UserError
from pipeline.geometry import load_model
from pipeline.model.skeleton.tree_file import load_skeleton
from pipeline.model.subject import load_subject
from pipeline.output.datagram import DatagramError, decode
from pipeline.output.message import MessageError, unpack
from pipeline.output.subscriber import MessageStatistics
from pipeline.streams import clock
from pipeline.streams.base import StreamSpec
from pipeline.streams.recordings.arrays import streams_of_arrays
from pipeline.streams.recordings.c3d import read_c3d
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.mat import read_mat
from pipeline.streams.ros2.joint_states import JointStateReader
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.zeromq.frames import FrameReader
from pipeline.transport.key_files import read_public
from tools.clients.exo_client import MomentClient
from tools.robustness.fuzz import examples, mutate

Take = Callable[[bytes], bool]
Spoil = Callable[[Random, bytes], bytes]

_FOLDER = TemporaryDirectory(prefix="hillstream-fuzz-")
_SPEC = StreamSpec("emg", ("a", "b"), 1000.0)
_PATIENCE_S = 4
"""A child may work on an input for this long, s; a user's waits longer, for files that are long."""
_ANGLES = StreamSpec("angles", ("a", "b"), 100.0)
_INPUTS_PER_READER = 50
"""A reader keeps the numbers of the messages it has seen; a new one now and then sees all."""
_LINK_KINDS = {
    kind.topic.encode(): kind for kind in (RowsMessage, UpdateMessage, *ORDERS, *ANSWERS)
}
_ELSEWHERE_KINDS = {kind.topic.encode(): kind for kind in (*TO_CALIBRATOR, *FROM_CALIBRATOR)}


@dataclass(frozen=True)
class Entrance:
    """One way in.

    Parameters
    ----------
    take
        Gives it bytes; returns whether they were taken.
    examples
        Returns input that is taken.
    spoil
        Spoils an example in ways that get past the outermost layer.
    """

    take: Take
    examples: Callable[[], list[bytes]]
    spoil: Spoil

    def inputs(self, random: Random) -> bytes:
        """Return an input: an example as it is, spoilt in its structure, in its bytes, or both."""
        data = random.choice(self.examples())
        chance = random.random()
        if chance > 0.02:
            data = self.spoil(random, data) if chance < 0.6 else data
            data = mutate.spoilt_bytes(random, data) if chance > 0.5 else data
        return data


class _Stream:
    """A ZeroMQ input stream, as the predictor reads it."""

    def __init__(self) -> None:
        self._left = 0

    def __call__(self, frame: bytes) -> bool:
        if not self._left:
            self._left, self._reader = _INPUTS_PER_READER, FrameReader(_SPEC, "fuzz", 0.05)
        self._left -= 1
        chunk = self._reader.read(frame)
        self._reader.health(clock.now())
        if chunk is None:
            return False
        assert chunk.x.shape == (len(chunk.t), 2)
        assert np.isfinite(chunk.x).all()
        assert (np.diff(chunk.t) > 0).all()
        assert (np.abs(chunk.t - clock.now()) < 20.0).all()
        return True


class _JointStates:
    """A ROS 2 topic of joint angles, from the bytes on."""

    def __init__(self) -> None:
        self._left = 0

    def __call__(self, data: bytes) -> bool:
        if not self._left:
            self._left = _INPUTS_PER_READER
            self._reader = JointStateReader(_ANGLES, "fuzz", 0.05)
        self._left -= 1
        try:
            message = load_dds().messages.JointState.deserialize(data)
        except Exception:  # as `Subscription.take` has it
            return False
        now = clock.now()
        chunk = self._reader.read(message, 1, now)
        self._reader.health(now, "")
        if chunk is None:
            return False
        assert chunk.x.shape == (1, 2)
        assert np.isfinite(chunk.x).all()
        assert (np.abs(chunk.t - now) < 20.0).all()
        return True


class _Exo:
    """The client that controllers are written from."""

    def __init__(self) -> None:
        self._client = MomentClient(f"ipc://{_FOLDER.name}/nobody")

    def __call__(self, frame: bytes) -> bool:
        client, before = self._client, self._client.refused
        client.take(frame)
        for now in (1.0, 1.01):
            assert all(math.isfinite(torque) for torque in client.read(now))
        return client.refused == before


def _published(frame: bytes) -> bool:
    """Hear a published message as `hillstream listen` and the view do."""
    try:
        message = unpack(frame)
    except MessageError:
        return False
    MessageStatistics().count(message, 1.0)
    Lines().line(message)
    message.pack()
    return True


def _request(frame: bytes) -> bool:
    try:
        unpack_request(frame)
    except ControlError:
        return False
    return True


def _reply(frame: bytes) -> bool:
    try:
        unpack_reply(frame)
    except ControlError:
        return False
    return True


def _link(frame: bytes) -> bool:
    message = read(frame, _LINK_KINDS)
    try:
        if isinstance(message, RowsMessage):
            message.rows()
        elif isinstance(message, UpdateMessage | RestoreOrder):
            message.subject(examples.PERSON)
    except ValueError:
        return False
    return message is not None


def _elsewhere(frame: bytes) -> bool:
    message = read(frame, _ELSEWHERE_KINDS)
    try:
        if isinstance(message, PackedRows):
            message.unpacked()
        elif isinstance(message, Join):
            message.subject(examples.MUSCLES)
    except ValueError:
        return False
    return message is not None


def _datagram(frame: bytes) -> bool:
    try:
        decode(frame)
    except DatagramError:
        return False
    return True


def _file(name: str, reader: Callable[[Path], object]) -> Take:
    """Return an entrance that reads a file."""
    path = Path(_FOLDER.name) / name

    def take(content: bytes) -> bool:
        path.write_bytes(content)
        try:
            reader(path)
        except UserError:
            return False
        return True

    return take


def _c3d(path: Path) -> None:
    table = read_c3d(path, _forked)
    assert table.x.shape == (len(table.t), len(table.columns))


def _mat(path: Path) -> None:
    for stream in streams_of_arrays(path, read_mat(path, _forked), {}, []).values():
        assert stream.x.shape == (len(stream.t), len(stream.channels))


def _forked(child: ModuleType, source: Path, out: Path) -> bool:
    """Run a reader forked: starting a process for each of many inputs takes long."""
    process = os.fork()
    if not process:
        with suppress(BaseException):
            signal.alarm(_PATIENCE_S)
            child.write_arrays(source, out)
            os._exit(0)
        os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0


def _recording(path: Path) -> None:
    for stream in load_recording(path).streams.values():
        assert stream.x.shape == (len(stream.t), len(stream.channels))
        assert (np.diff(stream.t) > 0).all()
        assert 0 < stream.rate_hz < math.inf


def _spoilt_json(random: Random, data: bytes) -> bytes:
    try:
        return json.dumps(mutate.spoilt_tree(random, json.loads(data))).encode()
    except RecursionError:  # deeper than the writer goes
        return b"[" * 100_000


def _spoilt_text(random: Random, data: bytes) -> bytes:
    return mutate.spoilt_text(random, data.decode()).encode()


def _spoilt_datagram(random: Random, data: bytes) -> bytes:
    """Spoil the fields, and make the checksum right again."""
    body = mutate.spoilt_bytes(random, data[:-4])
    body = (body + bytes(len(data)))[: len(data) - 4]
    return body + struct.pack("<I", zlib.crc32(body))


def _spoilt_arrays(random: Random, data: bytes) -> bytes:
    """Spoil one array of an ``.npz`` file, which stays a sound archive."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        content: dict[str, Any] = {name: archive[name] for name in archive.files}
    packed = io.BytesIO()
    np.savez(packed, **_with_one_spoilt(random, content))
    return packed.getvalue()


def _spoilt_mat(random: Random, data: bytes) -> bytes:
    """Spoil one variable of a ``.mat`` file, which stays a sound one."""
    content = {k: v for k, v in loadmat(io.BytesIO(data)).items() if not k.startswith("__")}
    packed = io.BytesIO()
    try:
        savemat(packed, _with_one_spoilt(random, content), do_compression=random.random() < 0.5)
    except (TypeError, ValueError):  # what MATLAB has no type for
        return data
    return packed.getvalue()


def _with_one_spoilt(random: Random, content: dict[str, Any]) -> dict[str, Any]:
    """Return named arrays, one of them spoilt or gone."""
    name = random.choice(list(content))
    array = content[name]
    strange: tuple[Callable[[], Any], ...] = (
        lambda: content.pop(name),
        lambda: array[..., None],
        lambda: np.atleast_1d(array)[:0],
        lambda: np.full_like(array, random.choice(mutate.NUMBERS[:3]), dtype=np.float64),
        lambda: np.full(array.shape, random.choice((math.nan, math.inf, 1e300, -1.0))),
        lambda: array.astype(str),
        lambda: array.astype(object),
        lambda: np.array(mutate.WORDS[random.randrange(6)]),
        lambda: np.concatenate([np.atleast_1d(array)] * 3),
        lambda: np.zeros(4, dtype=[("a", "<f8"), ("b", "S3")]),
        lambda: np.atleast_1d(array).astype("complex128") if array.dtype.kind == "f" else array,
    )
    made = random.choice(strange)()
    if name in content:
        content[name] = made
    return content


def _spoilt_xdf(random: Random, data: bytes) -> bytes:
    """Spoil the content of one chunk of an XDF file, and make its length right again."""
    chunks, at = [], 4
    while at < len(data):
        size, tag = struct.unpack_from("<IH", data, at + 1)
        chunks.append((tag, data[at + 7 : at + 5 + size]))
        at += 5 + size
    which = random.randrange(len(chunks))
    tag, content = chunks[which]
    text = tag in (1, 2, 6) and random.random() < 0.8
    kept, rest = (content[:4], content[4:]) if tag != 1 else (b"", content)
    rest = _spoilt_text(random, rest) if text else mutate.spoilt_bytes(random, rest)
    chunks[which] = tag, kept + rest
    if random.random() < 0.1:
        random.shuffle(chunks)
    return b"XDF:" + b"".join(examples.xdf_chunk(*one) for one in chunks)


def _session(path: Path) -> None:
    load_session(path)
    read_records(path)


def _spoilt_session(random: Random, data: bytes) -> bytes:
    """Spoil one column, row or table of a session, which stays a sound database."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(data)
        table = random.choice(list(schema.TABLES))
        column = random.choice(schema.columns(table))
        value = mutate.strange_value(random, depth=1)
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            value = str(value)
        match random.randrange(4):
            case 0:
                database.execute(f"DROP TABLE {table}")
            case 1:
                database.execute(f"DELETE FROM {table}")
            case _:
                with suppress(sqlite3.IntegrityError):  # a key that is there twice
                    database.execute(f'UPDATE {table} SET "{column}" = ?', (_storable(value),))
        database.commit()
        return database.serialize()


def _storable(value: Any) -> Any:
    """Return a value that a database can hold."""
    return json.dumps(value) if isinstance(value, (list, dict)) else value


def _web() -> dict[str, Entrance]:
    """Return the entrances of the cockpit, whose libraries not every installation has."""
    from tools.robustness.fuzz import web

    return {
        "web-request": Entrance(web.WebRequests(), web.requests, web.spoilt_request),
        "web-socket": Entrance(web.PageTexts(), web.texts, web.spoilt_page_text),
    }


@cache
def entrances() -> dict[str, Entrance]:
    """Return all entrances by name."""
    packed, text = mutate.spoilt_msgpack, _spoilt_text
    ros2 = Entrance(_JointStates(), examples.joint_states, mutate.spoilt_bytes)
    return {
        **({"joint-state": ros2} if find_spec("cyclonedds") else {}),
        **(_web() if find_spec("starlette") and find_spec("uvicorn") else {}),
        "stream": Entrance(_Stream(), examples.stream_messages, packed),
        "request": Entrance(_request, examples.requests, packed),
        "reply": Entrance(_reply, examples.replies, packed),
        "published": Entrance(_published, examples.published, packed),
        "exo-client": Entrance(_Exo(), lambda: examples.published()[:2], packed),
        "link": Entrance(_link, examples.link_messages, packed),
        "elsewhere": Entrance(_elsewhere, examples.elsewhere_messages, packed),
        "datagram": Entrance(_datagram, examples.datagrams, _spoilt_datagram),
        "config": Entrance(_file("c.toml", load_config), examples.configurations, text),
        "model": Entrance(_file("m.json", load_model), examples.models, _spoilt_json),
        "skeleton": Entrance(_file("k.json", load_skeleton), examples.skeletons, _spoilt_json),
        "subject": Entrance(_file("s.json", load_subject), examples.subjects, _spoilt_json),
        "subject-xml": Entrance(_file("s.xml", import_subject), examples.foreign_subjects, text),
        "table": Entrance(_file("r.sto", _recording), examples.tables, text),
        "csv": Entrance(_file("emg.csv", _recording), examples.delimited, text),
        "npz": Entrance(_file("r.npz", _recording), examples.arrays, _spoilt_arrays),
        "mat": Entrance(_file("r.mat", _mat), examples.mat_files, _spoilt_mat),
        "c3d": Entrance(_file("r.c3d", _c3d), examples.c3d_files, mutate.spoilt_bytes),
        "xdf": Entrance(_file("r.xdf", _recording), examples.xdf_files, _spoilt_xdf),
        "session": Entrance(_file("s.db", _session), examples.sessions, _spoilt_session),
        "key": Entrance(
            _file("k.pub", lambda path: read_public(str(path))), examples.key_files, text
        ),
    }
