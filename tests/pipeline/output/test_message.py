import contextlib
import math

import msgpack
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import DOCS
from pydantic import ValidationError

from pipeline.model.quantities import QUANTITIES
from pipeline.output.message import (
    MAX_MESSAGE_BYTES,
    TOPICS,
    CalibratorReport,
    CombinationReport,
    FatigueMessage,
    Latency,
    MessageError,
    MetaMessage,
    MomentMessage,
    MuscleChange,
    MusclesMessage,
    OutputCounts,
    ParametersMessage,
    Part,
    ReferenceMessage,
    SignalsMessage,
    Status,
    StatusMessage,
    Ticks,
    unpack,
)
from pipeline.streams.base import SourceState, StreamHealth

numbers = st.floats(allow_nan=False, allow_infinity=False)
positive = st.floats(min_value=1e-9, max_value=1e9)
counts = st.integers(0, 2**63 - 1)
names = st.text(
    st.characters(exclude_categories=["Cs"]),
    min_size=1,
    max_size=20,
)


@st.composite
def moment_messages(draw: st.DrawFn) -> MomentMessage:
    n = draw(st.integers(0, 8))
    vectors = st.lists(numbers, min_size=n, max_size=n)
    return MomentMessage(
        session=draw(names),
        seq=draw(counts),
        t=draw(st.none() | numbers),
        t_published=draw(numbers),
        valid_until=draw(numbers),
        status=draw(st.sampled_from(Status)),
        ok=draw(st.lists(st.booleans(), min_size=n, max_size=n)),
        moment=draw(vectors),
        sd=draw(st.none() | vectors),
        stiffness=draw(st.none() | vectors),
        parameter_version=draw(counts),
        parameter_age_s=draw(positive),
    )


@st.composite
def parameter_sets(draw: st.DrawFn) -> dict[str, object]:
    muscles = draw(st.lists(names, max_size=5))
    vectors = st.lists(numbers, min_size=len(muscles), max_size=len(muscles))
    n = len(muscles)
    known = st.lists(st.none() | numbers, min_size=n, max_size=n)
    words = st.lists(st.sampled_from(["identified", "fixed"]), min_size=n, max_size=n)
    pairs = st.builds(
        CombinationReport,
        first=names,
        second=names,
        joining=st.sampled_from(["product", "sum"]),
        value=numbers,
        deviation=positive,
    )
    return {
        "muscles": muscles,
        "combinations": draw(st.lists(pairs, max_size=2)),
        "values": draw(st.dictionaries(names, vectors, max_size=4)),
        "deviation": draw(st.dictionaries(names, known, max_size=4)),
        "identifiability": draw(st.dictionaries(names, words, max_size=4)),
    }


healths = st.builds(
    StreamHealth,
    key=names,
    state=st.sampled_from(SourceState),
    age_s=st.none() | numbers,
    received=counts,
    rate_hz=st.none() | numbers,
    gaps=counts,
    missing_samples=counts,
    nonfinite=counts,
    out_of_order=counts,
    reconnects=counts,
    clock_offset_s=numbers,
    clock_uncertainty_s=st.none() | numbers,
    note=names,
)
reports = st.builds(
    CalibratorReport,
    result=names,
    sentence=names,
    version=counts,
    loss=st.none() | numbers,
    seconds=st.none() | numbers,
    age_s=st.none() | numbers,
    count=counts,
    error_before=st.none() | numbers,
    error_after=st.none() | numbers,
    reason=names,
    refused=st.dictionaries(names, counts, max_size=3),
)


@st.composite
def status_messages(draw: st.DrawFn) -> StatusMessage:
    parameters = draw(parameter_sets())
    return StatusMessage(
        session=draw(names),
        t=draw(numbers),
        status=draw(st.sampled_from(Status)),
        note=draw(names),
        uptime_s=draw(positive),
        ticks=Ticks(expected=draw(counts), published=draw(counts), late=draw(counts)),
        latency_ms=Latency(p50=draw(numbers), p99=draw(numbers), max=None),
        streams=draw(st.lists(healths, max_size=3)),
        output=OutputCounts(
            lost_datagrams=draw(counts),
            lost_ros2_messages=draw(counts),
            refused_listeners=draw(counts),
        ),
        calibrator=draw(st.none() | reports),
        rmse=draw(st.dictionaries(names, st.none() | numbers, max_size=3)),
        parameters=parameters["values"],
        muscles=parameters["muscles"],
        deviation=parameters["deviation"],
        identifiability=parameters["identifiability"],
        combinations=parameters["combinations"],
        reference=draw(st.none() | st.dictionaries(names, st.lists(numbers, max_size=2))),
    )


@st.composite
def muscles_messages(draw: st.DrawFn) -> MusclesMessage:
    dofs, muscles = draw(st.integers(0, 3)), draw(st.integers(0, 6))
    vectors = st.lists(numbers, min_size=muscles, max_size=muscles)
    return MusclesMessage(
        session=draw(names),
        seq=draw(counts),
        t=draw(numbers),
        t_published=draw(numbers),
        valid_until=draw(numbers),
        status=draw(st.sampled_from(Status)),
        ok=draw(st.lists(st.booleans(), min_size=dofs, max_size=dofs)),
        parameter_version=draw(counts),
        moment=[draw(vectors) for _ in range(dofs)],
        **{name: draw(vectors) for name in QUANTITIES},
    )


@given(muscles_messages())
def test_what_muscles_do_comes_back_as_it_was(message: MusclesMessage) -> None:
    assert unpack(message.pack()) == message


@given(muscles_messages().filter(lambda message: message.ok), st.sampled_from([*QUANTITIES]))
def test_a_vector_that_is_not_of_all_muscles_or_joints_is_refused(
    message: MusclesMessage, name: str
) -> None:
    told = message.model_dump()
    with pytest.raises(ValidationError, match="differ in length"):
        MusclesMessage(**told | {name: (*told[name], 1.0)})
    with pytest.raises(ValidationError, match="differ in length"):
        MusclesMessage(**told | {"moment": told["moment"][1:]})


@pytest.mark.parametrize("joints", [0, 1, 3, 20, 512])
def test_what_as_many_muscles_do_as_may_be_fits_into_a_frame(joints: int) -> None:
    vector = [1.0 / 3.0] * MusclesMessage.most_muscles(joints)
    message = MusclesMessage(
        session="s" * 100,
        seq=2**63 - 1,
        t=0.1,
        t_published=0.1,
        valid_until=0.1,
        status=Status.CALIBRATING,
        ok=[True] * joints,
        parameter_version=2**63 - 1,
        moment=[vector] * joints,
        **dict.fromkeys(QUANTITIES, vector),
    )
    assert unpack(message.pack()) == message


@given(moment_messages())
def test_a_moment_comes_back_as_it_was(message: MomentMessage) -> None:
    assert unpack(message.pack()) == message


@given(status_messages())
def test_a_status_comes_back_as_it_was(message: StatusMessage) -> None:
    assert unpack(message.pack()) == message


@given(parameter_sets(), names, counts, numbers)
def test_parameters_come_back_as_they_were(
    parameters: dict[str, object], session: str, version: int, t: float
) -> None:
    message = ParametersMessage(session=session, version=version, t=t, **parameters)
    assert unpack(message.pack()) == message


@given(names, *[st.lists(names, max_size=4)] * 3, positive, positive)
def test_meta_comes_back_as_it_was(
    session: str,
    dofs: list[str],
    muscles: list[str],
    channels: list[str],
    rate_hz: float,
    valid_for_s: float,
) -> None:
    message = MetaMessage(
        session=session,
        dofs=dofs,
        muscles=muscles,
        channels=channels,
        rate_hz=rate_hz,
        valid_for_s=valid_for_s,
    )
    assert unpack(message.pack()) == message


def signals(**changes: object) -> SignalsMessage:
    told: dict[str, object] = {
        "session": "s", "t": 1.0, "t_published": 1.1, "low": [0.0, 0.1], "high": [0.5, 0.2],
        "level": [0.4, 0.2], "excitation": [0.3],
    }  # fmt: skip
    return SignalsMessage.model_validate(told | changes)


def test_levels_come_back_as_they_were_under_their_documented_keys() -> None:
    topic, _, body = signals().pack().partition(b" ")
    assert topic == b"signals"
    assert msgpack.unpackb(body) == {
        "v": 1, "sid": "s", "t": 1.0, "tp": 1.1, "lo": [0.0, 0.1], "hi": [0.5, 0.2],
        "level": [0.4, 0.2], "e": [0.3],
    }  # fmt: skip
    assert unpack(signals().pack()) == signals()


@pytest.mark.parametrize("name", ["low", "high", "level"])
def test_levels_that_are_not_of_all_channels_are_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="lo, hi and level differ in length"):
        signals(**{name: [0.1]})
    with pytest.raises(ValidationError, match="finite"):
        signals(**{name: [0.1, math.nan]})


def reference(**changes: object) -> ReferenceMessage:
    told: dict[str, object] = {
        "session": "s", "t": [1.0, 1.1], "t_published": 1.2,
        "reference": [[4.0, math.nan], [5.0, 6.0]], "predicted": [[3.0, 2.0], [4.5, 5.5]],
    }  # fmt: skip
    return ReferenceMessage.model_validate(told | changes)


def test_references_come_back_under_their_documented_keys_and_none_is_nil() -> None:
    topic, _, body = reference().pack().partition(b" ")
    assert topic == b"reference"
    assert msgpack.unpackb(body) == {
        "v": 1, "sid": "s", "t": [1.0, 1.1], "tp": 1.2,
        "m": [[4.0, None], [5.0, 6.0]], "p": [[3.0, 2.0], [4.5, 5.5]],
    }  # fmt: skip
    assert unpack(reference().pack()) == reference()


def test_references_of_another_number_of_rows_or_joints_are_refused() -> None:
    with pytest.raises(ValidationError, match="t, m and p differ in length"):
        reference(t=[1.0])
    with pytest.raises(ValidationError, match="rows of m and p differ in length"):
        reference(predicted=[[3.0], [4.5, 5.5]])


def test_what_has_changed_comes_back_under_its_documented_keys() -> None:
    muscles = (
        MuscleChange(muscle="BRA", verdict="gives less", change=-0.2, deviation=0.02, since=90.0),
        MuscleChange(muscle="BRD", verdict="not identifiable", together=(0, 1)),
    )
    message = FatigueMessage(
        session="s", t=120.0, t_published=120.1, baseline=45.0, muscles=muscles
    )
    topic, _, body = message.pack().partition(b" ")
    assert topic == b"fatigue"
    told = msgpack.unpackb(body)
    assert told.keys() == {"v", "sid", "t", "tp", "baseline", "muscles"}
    assert told["muscles"][0] == {
        "muscle": "BRA", "together": [], "verdict": "gives less", "change": -0.2,
        "deviation": 0.02, "since": 90.0,
    }  # fmt: skip
    assert unpack(message.pack()) == message


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_way(frame: bytes) -> None:
    with pytest.raises(MessageError):
        unpack(frame)


_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.binary(max_size=5)
)
_nested = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["v", "m", "ok", "values", "a"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.sampled_from(sorted(TOPICS)), st.data())
def test_a_map_with_anything_in_it_is_read_or_refused(topic: str, data: st.DataObject) -> None:
    keys = [field.alias or name for name, field in TOPICS[topic].model_fields.items()]
    content = data.draw(st.dictionaries(st.sampled_from(keys), _nested))
    frame = topic.encode() + b" " + msgpack.packb({"v": 1, **content})
    with contextlib.suppress(MessageError):
        assert isinstance(unpack(frame), TOPICS[topic])


@given(moment_messages(), st.data())
def test_a_damaged_moment_is_read_or_refused(message: MomentMessage, data: st.DataObject) -> None:
    frame = bytearray(message.pack())
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] = data.draw(st.integers(0, 255))
    try:
        heard = unpack(bytes(frame[: data.draw(st.integers(at, len(frame)))]))
    except MessageError:
        return
    assert not isinstance(heard, MomentMessage) or all(map(math.isfinite, heard.moment))


def wire(**changes: object) -> bytes:
    fields = {
        "v": 1, "sid": "s", "seq": 0, "t": 1.0, "tp": 1.0, "exp": 1.1, "st": "NOMINAL",
        "ok": [True], "m": [2.0], "sd": None, "k": [8.0], "pv": 0, "pa": 0.0, "syn": [],
    }  # fmt: skip
    return b"moment " + msgpack.packb(fields | changes)


def test_the_keys_on_the_wire_are_the_documented_ones() -> None:
    heard = unpack(wire())
    assert isinstance(heard, MomentMessage)
    assert (heard.session, heard.moment, heard.ok) == ("s", (2.0,), (True,))
    assert heard.pack() == wire()


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"v": 2}, "schema version is 2, not 1"),
        ({"v": None}, "schema version is None, not 1"),
        ({"m": [1.0, 2.0]}, "differ in length"),
        ({"sd": []}, "differ in length"),
        ({"k": [1.0, 2.0]}, "differ in length"),
        ({"ok": [1]}, "ok.0"),
        ({"m": ["1"]}, "m.0"),
        ({"m": 1.0}, "m"),
        ({"seq": -1}, "seq"),
        ({"seq": 1.5}, "seq"),
        ({"st": "FINE"}, "st"),
        ({"sid": ""}, "sid"),
        ({"tp": None}, "tp"),
        ({"pa": -1.0}, "pa"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(MessageError, match=complaint):
        unpack(wire(**changes))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("key", ["m", "sd", "k", "t", "a key of the future"])
def test_a_nonfinite_number_is_refused_on_arrival(key: str, bad: float) -> None:
    with pytest.raises(MessageError, match=key) as caught:
        unpack(wire(**{key: bad if key == "t" else [bad]}))
    assert caught.value.nonfinite


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_nonfinite_moment_can_neither_be_made_nor_packed(bad: float) -> None:
    good = unpack(wire())
    assert isinstance(good, MomentMessage)
    with pytest.raises(ValueError, match="finite"):
        MomentMessage.model_validate(good.model_dump() | {"moment": [bad]})
    with pytest.raises(ValueError, match="'m' is not finite"):
        good.model_copy(update={"moment": (bad,)}).pack()  # a copy is not validated


def test_a_nonfinite_loss_is_an_unknown_one() -> None:
    assert CalibratorReport(result="diverged", loss=math.nan).loss is None


def test_arrays_are_taken_as_they_are() -> None:
    message = MomentMessage(
        session="s",
        seq=0,
        t=None,
        t_published=1.0,
        valid_until=1.1,
        status=Status.STARTING,
        ok=np.array([True, False]),
        moment=np.array([1.0, 2.0], dtype=np.float32),
        parameter_version=0,
        parameter_age_s=0.0,
    )
    assert message.moment == (1.0, 2.0)
    assert message.ok == (True, False)


def test_a_parameter_without_a_value_per_muscle_is_refused() -> None:
    with pytest.raises(ValidationError, match="strength"):
        ParametersMessage(
            session="s", version=1, t=0.0, muscles=("a", "b"), values={"strength": [1.0]}
        )


@pytest.mark.parametrize(
    "known", [{"deviation": {"strength": [0.1]}}, {"identifiability": {"strength": ["fixed"] * 3}}]
)
def test_what_is_known_is_known_of_each_muscle(known: dict[str, object]) -> None:
    told = {"session": "s", "version": 1, "t": 0.0, "muscles": ("a", "b"), "values": {}}
    with pytest.raises(ValidationError, match="strength"):
        ParametersMessage.model_validate(told | known)


def test_a_deviation_that_is_not_finite_is_an_unknown_one() -> None:
    message = ParametersMessage(
        session="s",
        version=1,
        t=0.0,
        muscles=("a", "b"),
        values={},
        deviation={"strength": np.array([0.1, math.nan])},
    )
    assert message.deviation == {"strength": (0.1, None)}


def test_a_sender_that_knows_no_deviation_is_understood() -> None:
    told = {"v": 1, "sid": "s", "version": 1, "t": 0.0, "values": {}, "muscles": ["a"]}
    heard = unpack(b"parameters " + msgpack.packb(told))
    assert isinstance(heard, ParametersMessage)
    assert (heard.deviation, heard.identifiability, heard.combinations) == ({}, {}, ())


def test_long_frames_go_neither_out_nor_in() -> None:
    long = StatusMessage(
        session="s", t=0.0, status=Status.NOMINAL, uptime_s=0.0, note="x" * MAX_MESSAGE_BYTES
    )
    with pytest.raises(ValueError, match="too long"):
        long.pack()
    with pytest.raises(MessageError, match="longer than"):
        unpack(b"moment " + bytes(MAX_MESSAGE_BYTES))


def test_nesting_is_ignored_as_far_as_msgpack_reads_it() -> None:
    deepest = b"\x91" * 300 + b"\xc0"
    fields = wire()[len(b"moment \x8e") :]
    assert unpack(b"moment \x8f" + fields + b"\xa1a" + deepest) == unpack(wire())
    with pytest.raises(MessageError, match="not msgpack"):
        unpack(b"moment \x8e" + fields + b"\xa1a" + b"\x91" * 5000 + b"\xc0")


def test_a_sender_that_knows_no_stiffness_is_understood() -> None:
    heard = unpack(wire(k=None))
    assert isinstance(heard, MomentMessage)
    assert heard.stiffness is None


def test_unknown_keys_are_ignored() -> None:
    assert unpack(wire(torque_of_tomorrow=[1, 2])) == unpack(wire())


def test_every_status_says_what_it_means() -> None:
    assert all(status.sentence.endswith(".") for status in Status)
    assert [status.value for status in Status] == [status.name for status in Status]


def every_part(kind: type[Part]) -> dict[str, str]:
    return {f.alias or name: f.description or "" for name, f in kind.model_fields.items()}


def test_every_field_is_documented() -> None:
    page = (DOCS / "messages.md").read_text()
    for kind in (*TOPICS.values(), MuscleChange, Ticks, Latency, OutputCounts, CalibratorReport):
        for key, description in every_part(kind).items():
            assert description, f"{kind.__name__}.{key} has no description"
            assert f"`{key}`" in page, f"docs/messages.md does not speak of {kind.__name__} {key}"
    for status in Status:
        assert f"`{status}`" in page
