"""Valid input for every entrance, small so that many mutations of it can be tried."""

from __future__ import annotations

import io
import json
import sqlite3
import struct
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgpack
import numpy as np
from scipy.io import savemat

from daemon.calibration.packed_rows import PackedRows
from daemon.calibration.shape import SetUpShape
from daemon.calibration.wire import PROTOCOL, Join, Refusal, Taken, Welcome, packed_person
from daemon.config import config_path
from daemon.ipc.messages import CertaintyMap, LinkMessage, RowsMessage
from daemon.ipc.orders import (
    Answer,
    ForgetOrder,
    Hello,
    PauseOrder,
    RecordOrder,
    RestoreOrder,
    SamplesOrder,
    Scale,
)
from daemon.ipc.requests import Command, Reply, Request
from daemon.session import schema
from daemon.subjects.ceinms import DIALECTS, write_ceinms
from pipeline.model.identifiability import Identifiability
from pipeline.model.quantities import QUANTITIES
from pipeline.model.subject import Subject
from pipeline.output.datagram import VERSIONS, encode
from pipeline.output.message import (
    CalibratorReport,
    FatigueMessage,
    MetaMessage,
    MomentMessage,
    MuscleChange,
    MusclesMessage,
    OutputCounts,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    Status,
    StatusMessage,
)
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamHealth
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.ros2.ros_time import to_ros
from pipeline.streams.zeromq import wire
from pipeline.timebase.rows import PairedRows
from pipeline.transport.curve import KeyPair

MUSCLES = ("soleus", "vastus")
TWO = np.array([1.0, 2.0])
PERSON = Subject.generic(MUSCLES, 900 * TWO, 0.05 * TWO, 0.2 * TWO, 0.1 * TWO, 10 * TWO)
_COMBINATION: dict[str, Any] = {
    "first": "a:gain",
    "second": "a:strength",
    "joining": "product",
    "value": 1.1,
    "deviation": 0.1,
}
ROWS = 0.25 + np.arange(12.0).reshape(6, 2)


def stream_messages() -> list[bytes]:
    """Return messages of now, of the stream `emg` with the channels a and b at 1000 Hz."""
    now = clock.now()
    fields: dict[str, Any] = {
        "v": 1, "stream": "emg", "seq": 0, "channels": ["a", "b"], "unit": "V",
        "rate_hz": 1000.0, "x": [[1.0, 2.0], [3.0, 4.5]],
    }  # fmt: skip
    stamped = fields | {"run": 7, "clock": "lsl", "t": [now, now + 0.001]}
    return [wire.topic("emg") + msgpack.packb(one) for one in (fields, stamped)]


def joint_states() -> list[bytes]:
    """Return ROS 2 joint states of the joints a and b: of now, and without a stamp."""
    kinds = load_dds().messages
    stamps = (to_ros(clock.now()), (0, 0))
    states = [
        kinds.JointState(kinds.Header(kinds.Time(*stamp)), ["b", "c", "a"], [0.1, 0.2, 0.3])
        for stamp in stamps
    ]
    return [one.serialize() for one in states]


def moment() -> MomentMessage:
    """Return a moment message of two joints."""
    return MomentMessage(
        session="s",
        seq=3,
        t=1.0,
        t_published=1.002,
        valid_until=1.102,
        status=Status.NOMINAL,
        ok=(True, False),
        moment=(1.5, -2.0),
        sd=(0.5, 0.25),
        stiffness=(12.0, -3.0),
        parameter_version=2,
        parameter_age_s=0.5,
    )


def muscles() -> MusclesMessage:
    """Return what two muscles do beside `moment`."""
    pair = (0.5, 0.25)
    return MusclesMessage(
        **moment().model_dump(include={"session", "seq", "t", "t_published", "valid_until"}),
        **moment().model_dump(include={"status", "ok", "parameter_version"}),
        **dict.fromkeys(QUANTITIES, pair),
        moment=(pair, pair),
    )


@cache
def published() -> list[bytes]:
    """Return one message of each kind that the daemon publishes."""
    values = {"strength": (1.0, 1.1)}
    emg = StreamHealth("emg", SourceState.LIVE, 0.01, 9, 1000.0, 0, 0, 0, 0, 0, 0.0, None, "")
    known: dict[str, Any] = {
        "deviation": {"strength": (0.1, None)},
        "identifiability": {"strength": ("identified", "known_with_another")},
        "combinations": [_COMBINATION],
    }
    report = CalibratorReport(
        result="ok",
        sentence="Fine.",
        version=2,
        loss=0.1,
        count=3,
        error_before=0.5,
        error_after=0.25,
        reason="worse",
        refused={"worse": 2},
    )
    return [
        moment().pack(),
        muscles().pack(),
        SignalsMessage(
            session="s",
            t=1.0,
            t_published=1.002,
            low=(0.0, 0.125),
            high=(0.5, 0.25),
            level=(0.25, 0.25),
            excitation=(0.25, 0.5),
        ).pack(),
        ReferenceMessage(
            session="s",
            t=(1.0, 1.25),
            t_published=1.5,
            reference=((4.0, None), (4.5, 8.0)),
            predicted=((3.5, 7.0), (4.0, None)),
        ).pack(),
        MetaMessage(
            session="s",
            dofs=("knee", "hip"),
            rate_hz=100.0,
            muscles=MUSCLES,
            channels=("SOL", "VAS"),
            valid_for_s=0.1,
        ).pack(),
        ParametersMessage(
            session="s", version=1, t=0.0, values=values, muscles=MUSCLES, **known
        ).pack(),
        FatigueMessage(
            session="s",
            t=60.0,
            t_published=60.5,
            baseline=45.0,
            muscles=(
                MuscleChange(
                    muscle="SOL",
                    together=(0, 1),
                    verdict="gives less",
                    change=-0.25,
                    deviation=0.0625,
                    since=50.0,
                ),
                MuscleChange(muscle="VAS", verdict="not identifiable"),
            ),
        ).pack(),
        StatusMessage(
            session="s",
            t=1.0,
            status=Status.DEGRADED,
            uptime_s=1.0,
            doubt="Not shown to fit.",
            streams=(emg,),
            output=OutputCounts(lost_datagrams=3, lost_ros2_messages=2, refused_listeners=1),
            calibrator=report,
            rmse={"knee": 1.0},
            parameters=values,
            muscles=MUSCLES,
            **known,
        ).pack(),
    ]


@cache
def requests() -> list[bytes]:
    """Return commands."""
    return [
        Request(command=Command.STATUS).pack(),
        Request(command=Command.ROLLBACK, version=12).pack(),
        Request(command=Command.MARK, text="here", by="Ann").pack(),
        Request(command=Command.COMPARE, version=3).pack(),
        Request(command=Command.SAMPLES, channels=["a"]).pack(),
    ]


@cache
def replies() -> list[bytes]:
    """Return answers to commands."""
    data = {"version": 1, "mvc": {"a": 1.0}, "status": None}
    return [Reply(ok=True, sentence="Done.", data=data).pack()]


def _paired_rows() -> PairedRows:
    return PairedRows(
        motion=np.ones((len(ROWS), 4, 1)),
        t=ROWS[:, 0],
        excitation=ROWS,
        length=ROWS,
        moment_arm=ROWS[:, None, :],
        moment=ROWS[:, :1],
        valid=ROWS[:, 0] > 0,
        measured=ROWS > 0,
    )


@cache
def elsewhere_messages() -> list[bytes]:
    """Return messages between a daemon and a calibrator elsewhere."""
    shape = SetUpShape(muscles=list(MUSCLES), dofs=["a"], rate_hz=100.0, parts={"[envelope]": "0"})
    join = Join(
        protocol=PROTOCOL,
        hillstream="0.1.0",
        name="board",
        session="0" * 32,
        shape=shape,
        version=3,
        person=packed_person(PERSON),
        bones={},
        stranger=False,
    )
    messages: list[LinkMessage] = [
        PackedRows.of(_paired_rows()),
        join,
        Welcome(have=1.0),
        Refusal(sentence="No."),
        Taken(have=None, updates_per_s=0.5, wanted_per_s=1.0, clients=2),
    ]
    return [message.pack() for message in messages]


@cache
def link_messages() -> list[bytes]:
    """Return messages between the daemon's processes."""
    rows = _paired_rows()
    certainty = CertaintyMap(
        deviation={"strength": [0.1, 0.2]},
        identifiability={"strength": (Identifiability.IDENTIFIED, Identifiability.FIXED)},
        combinations=[_COMBINATION],
    )
    scale = Scale(mvc={"a": 1.0}, baseline="tracked", since=1.0, changed=["a"])
    messages: list[LinkMessage] = [
        RowsMessage.of(rows),
        PauseOrder(paused=True),
        RestoreOrder.of(3, PERSON, certainty),
        ForgetOrder(before=1.0),
        RecordOrder(what="mvc", begin=True),
        Hello(),
        SamplesOrder(channel="a"),
        Answer(number=1, ok=True, sentence="Done.", scale=scale),
        Answer(number=2, ok=True, sentence="Done.", samples=ROWS.tobytes()),
    ]
    return [message.pack() for message in messages]


@cache
def datagrams() -> list[bytes]:
    """Return datagrams with all of their fields and with few, of each version."""
    few = {"t": None, "sd": None, "status": Status.CALIBRATING, "ok": (False, False)}
    messages = moment(), moment().model_copy(update=few)
    return [encode(message, version) for message in messages for version in VERSIONS]


@cache
def configurations() -> list[bytes]:
    """Return the set-ups that are shipped, one of them with keys, one with every stream."""
    names = "arm", "walking", "torque-free-arm"
    arm, walking, free = (config_path(name).read_bytes() for name in names)
    keys = b'\n[security]\nserver_key = "a.key"\ndata_clients = ["b.pub"]\n'
    more = b'\n[streams.accelerations]\ntransport = "zmq"\naddress = "tcp://127.0.0.1:5565"\n'
    more += b'rate_hz = 200\nunit = "deg/s^2"\nchannels = ["elbow_flexion"]\n'
    return [arm, walking + keys, free + more]


@cache
def models() -> list[bytes]:
    """Return a model of two muscles."""
    model = json.loads((config_path("arm").parent / "models/myoarm_right.json").read_text())
    model["muscles"] = model["muscles"][:2]
    for muscle in model["muscles"]:
        path = muscle["path"]
        path["exponents"], path["coefficients"] = path["exponents"][:4], path["coefficients"][:4]
    return [json.dumps(model).encode()]


@cache
def skeletons() -> list[bytes]:
    """Return a chain of bones."""
    return [(config_path("arm").parent / "models/myoarm_skeleton.json").read_bytes()]


@cache
def subjects() -> list[bytes]:
    """Return a person as JSON."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "subject.json"
        PERSON.save(file)
        return [file.read_bytes()]


@cache
def foreign_subjects() -> list[bytes]:
    """Return a person as CEINMS and CEINMS-RT write it, and an OpenSim model."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "subject.xml"
        written = []
        for dialect in DIALECTS.values():
            write_ceinms(PERSON, file, dialect, {"knee": MUSCLES}, {"a": MUSCLES})
            written.append(file.read_bytes())
    muscle = "<Muscle name='{}'><max_isometric_force>900</max_isometric_force>"
    muscle += "<optimal_fiber_length>0.1</optimal_fiber_length>"
    muscle += "<tendon_slack_length>0.2</tendon_slack_length></Muscle>"
    both = "".join(map(muscle.format, MUSCLES))
    model = f"<OpenSimDocument><Model><ForceSet>{both}</ForceSet></Model></OpenSimDocument>"
    return [*written, model.encode()]


@cache
def tables() -> list[bytes]:
    """Return EMG and inverse dynamics as OpenSim writes them."""
    emg = "emg\nnRows=3\nnColumns=3\ninDegrees=no\nendheader\ntime\ta\tb\n"
    emg += "".join(f"{i / 100}\t{i}\t0.5\n" for i in range(3))
    moments = "Inverse Dynamics\nnRows=2\nendheader\ntime\tknee_moment\tpelvis_tx_force\n"
    moments += "0.0\t1.5\t700\n0.01\t-2e1\tnan\n"
    return [emg.encode(), moments.encode()]


@cache
def delimited() -> list[bytes]:
    """Return EMG as programs write it, with commas and with decimal commas."""
    plain = "time,SOL (mV),TA (mV)\n0,1.5,2\n0.01,3,4\n0.02,nan,1\n"
    comma = "# EMG\n\nTime [ms];SOL [mV];TA [mV]\n0;1,5;2\n10;3;4\n"
    return [plain.encode(), comma.encode()]


@cache
def arrays() -> list[bytes]:
    """Return recordings as ``.npz``, plain and compressed."""
    content: dict[str, Any] = {
        "fs": 100.0, "emg": ROWS, "emg_names": np.array(["a", "b"]), "unit": "V", "q": ROWS / 10,
        "moment": ROWS, "external": ROWS, "qdd": ROWS, "dof_names": np.array(["knee", "hip"]),
        "valid": ROWS[:, 0] > 3, "time": np.arange(6) / 100,
    }  # fmt: skip
    plain, compressed = io.BytesIO(), io.BytesIO()
    np.savez(plain, allow_pickle=False, **content)
    np.savez_compressed(compressed, allow_pickle=False, **content)
    return [plain.getvalue(), compressed.getvalue()]


@cache
def mat_files() -> list[bytes]:
    """Return recordings as ``.mat``: variables, compressed ones, and structures."""
    names = np.array(["a", "bc"], dtype=object)
    flat = {"fs": 100.0, "emg": ROWS, "emg_names": names, "q": ROWS / 10, "dof_names": names}
    nested = {"trial": {"emg": {"data": ROWS.T, "names": names, "fs": 100.0, "unit": "mV"}}}
    packed = []
    for content, compressed in ((flat, False), (flat, True), (nested, False)):
        file = io.BytesIO()
        savemat(file, content, do_compression=compressed)
        packed.append(file.getvalue())
    return packed


@cache
def c3d_files() -> list[bytes]:
    """Return a trial of two channels of EMG and a force plate's."""
    import ezc3d

    c3d = ezc3d.c3d()
    c3d["parameters"]["POINT"]["RATE"]["value"] = [100.0]
    c3d["parameters"]["POINT"]["LABELS"]["value"] = ["LASI"]
    c3d["data"]["points"] = np.zeros((4, 1, 6))
    c3d["parameters"]["ANALOG"]["RATE"]["value"] = [1000.0]
    c3d["parameters"]["ANALOG"]["LABELS"]["value"] = ["Fz1", "SOL", "TA"]
    c3d["parameters"]["ANALOG"]["UNITS"]["value"] = ["N", "V", "V"]
    c3d["data"]["analogs"] = np.sin(np.arange(180.0)).reshape(1, 3, 60)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.c3d"
        c3d.write(str(file))
        return [file.read_bytes()]


def xdf_chunk(tag: int, content: bytes) -> bytes:
    """Return a chunk of an XDF file."""
    return struct.pack("<BIH", 4, len(content) + 2, tag) + content


@cache
def xdf_files() -> list[bytes]:
    """Return a recording of one stream as LabRecorder writes it, and without clock offsets."""
    channels = "".join(
        f"<channel><label>{name}</label><unit>V</unit></channel>" for name in ("a", "b")
    )
    header = (
        "<?xml version='1.0'?><info><name>my-emg</name><type>EMG</type>"
        "<channel_count>2</channel_count><nominal_srate>100</nominal_srate>"
        f"<channel_format>double64</channel_format><desc><channels>{channels}</channels></desc>"
        "</info>"
    )
    one = struct.pack("<I", 1)
    rows = b"".join(struct.pack("<Bddd", 8, i / 100, *row) for i, row in enumerate(ROWS))
    clocks = [xdf_chunk(4, one + struct.pack("<dd", t, 0.0)) for t in (0.0, 0.05)]
    head = xdf_chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    head = b"XDF:" + head + xdf_chunk(2, one + header.encode())
    tail = xdf_chunk(3, one + struct.pack("<BI", 4, len(ROWS)) + rows)
    tail += xdf_chunk(6, one + b"<?xml version='1.0'?><info/>")
    return [head + tail, head + b"".join(clocks) + tail]


@cache
def key_files() -> list[bytes]:
    """Return a public key's file."""
    return [b"# Public key of exo (hillstream).\n" + KeyPair.new().public + b"\n"]


def _stored(column: str, t: float) -> object:
    """Return what a column of a session may hold at a time."""
    statistics = np.ones(7, dtype="<f4").tobytes()  # of one factor and one offset
    known = {"candidate": 1, "accepted": 1, "muscles": '["a"]', "statistics": statistics}
    return {**known, "baseline": 0.0}.get(column, t)


@cache
def sessions() -> list[bytes]:
    """Return a session of two seconds."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "session.db"
        with closing(sqlite3.connect(file)) as database:
            database.executescript(schema.statements())
            database.execute("INSERT INTO session VALUES ('config', '{}')")
            for table in schema.TABLES.keys() - {"session"}:
                columns = schema.columns(table)
                for t in (1.0, 2.0):
                    row = [_stored(name, t) for name in columns]
                    places = ", ".join("?" * len(row))
                    database.execute(f"INSERT INTO {table} VALUES ({places})", row)
            database.commit()
        return [file.read_bytes()]
