"""What the page shows is what was published, of the right joint, channel and muscle, just now."""

from collections.abc import Callable

import numpy as np
import pytest
from page import Reading

from daemon.ipc.requests import Command
from pipeline.output.message import (
    CalibratorReport,
    Message,
    MomentMessage,
    MusclesMessage,
    ParametersMessage,
    ReferenceMessage,
    SignalsMessage,
    StatusMessage,
)

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 120.0
FRESH_S = 1.0
STATUS_EVERY_S = 1.0
OLD = {"SILENT", "LOST"}
"""What the page itself says of a daemon that is held up; no message has it."""


def time_of(message: Message) -> float:
    return message.t if isinstance(message, StatusMessage) else message.t_published


@pytest.fixture
def shown(page, stand, wait_until) -> Callable[..., tuple[Reading, Message]]:
    """Return a reading and the message that it shows; every reading has to show one whole message.

    A busy machine may hold up a reading; that of an idle moment shows what is new.
    """

    def look(kind: type[Message], agrees: Callable[[Reading, Message], bool], fresh_s=FRESH_S):
        seen = []

        def is_fresh() -> bool:
            reading = Reading(page)
            if reading.values["banner", "", "status"] in OLD:
                return False
            if not all(reading.values.get(place) for place in NEEDED[kind]):
                return False
            wait_until(lambda: time_of(stand.ear.newest(kind)) >= reading.at, PATIENCE_S)
            found = [one for one in stand.ear.of(kind) if agrees(reading, one)]
            told = {place: reading.values[place] for place in NEEDED[kind]}
            if not found and not stand.ear.is_whole:
                return False
            assert found, f"this was never published in one message: {told} and what goes with it"
            seen[:] = [reading, found[-1]]
            return reading.at - time_of(found[-1]) < fresh_s

        wait_until(lambda: stand.ear.of(kind), PATIENCE_S)
        wait_until(lambda: all(Reading(page).values.get(p) for p in NEEDED[kind]), PATIENCE_S)
        wait_until(is_fresh, PATIENCE_S)
        return tuple(seen)

    return look


NEEDED = {
    MomentMessage: [
        ("joints", "elbow_flexion", "moment"),
        ("joints", "elbow_flexion", "deviation"),
        ("joints", "elbow_flexion", "stiffness"),
    ],
    SignalsMessage: [("emg", "BRA", "level"), ("muscles", "BRA", "excitation")],
    MusclesMessage: [("muscles", "BRA", "force")],
    ReferenceMessage: [
        ("joints", "elbow_flexion", "reference"),
        ("joints", "elbow_flexion", "error"),
    ],
    StatusMessage: [("streams", "emg", "age_s")],
}
"""What has to be there before there is anything to compare, by kind of message."""


def names(stand, page) -> dict[str, list[str]]:
    """Return names of rows in the order in which the page shows them, which is the daemon's."""
    rows = Reading(page).values
    return {
        panel: list(dict.fromkeys(row for p, row, _ in rows if p == panel and row))
        for panel in ("joints", "emg", "muscles", "streams")
    }


def test_moments_are_those_of_one_message(stand, page, shown):
    joints = names(stand, page)["joints"]
    assert joints == ["elv_angle", "shoulder_elv", "shoulder_rot", "elbow_flexion"]

    def agrees(reading: Reading, message: MomentMessage) -> bool:
        column = [("moment", message.moment), ("deviation", message.sd)]
        column.append(("stiffness", message.stiffness))
        version = reading.values["banner", "", "parameter_version"]
        return version == str(message.parameter_version) and all(
            reading.number("joints", joint, field) == (values[place] if values else None)
            for field, values in column
            for place, joint in enumerate(joints)
        )

    reading, message = shown(MomentMessage, agrees)
    for place, joint in enumerate(joints):
        value = f"{message.moment[place]:.2f} N·m".replace("-", "−").replace("−0.00", "0.00")
        assert reading.texts["joints", joint, "moment"] == value
        assert (reading.values["joints", joint, "ok"] == "true") == message.ok[place]


def test_reference_and_error_are_of_one_time(stand, page, shown, wait_until):
    """The reference beside what was predicted for its own time, which is not the present."""
    joints = names(stand, page)["joints"]

    def agrees(reading: Reading, message: ReferenceMessage) -> bool:
        references, predicted = message.reference[-1], message.predicted[-1]
        return all(
            reading.number("joints", joint, "reference") == reference
            and reading.number("joints", joint, "error") == _difference(moment, reference)
            for joint, reference, moment in zip(joints, references, predicted, strict=True)
        )

    shown(ReferenceMessage, agrees)

    def is_known() -> bool:
        reading = Reading(page)
        rmse = [reading.number("joints", joint, "rmse") for joint in joints]
        statuses = stand.ear.of(StatusMessage)
        return rmse in [[one.rmse.get(joint) for joint in joints] for one in statuses]

    wait_until(is_known, PATIENCE_S)


def _difference(moment: float | None, reference: float | None) -> float | None:
    return None if moment is None or reference is None else moment - reference


def test_the_status_is_the_daemons(stand, page, shown):
    def agrees(reading: Reading, message: MomentMessage) -> bool:
        return reading.values["banner", "", "status"] == message.status

    reading, message = shown(MomentMessage, agrees)
    assert reading.texts["banner", "", "status"] == message.status


def test_levels_excitations_and_forces_are_those_published(stand, page, shown):
    rows = names(stand, page)
    assert len(rows["emg"]) == len(rows["muscles"]) == 10

    def agrees(reading: Reading, message: SignalsMessage) -> bool:
        levels = [reading.number("emg", name, "level") for name in rows["emg"]]
        excitations = [reading.number("muscles", name, "excitation") for name in rows["muscles"]]
        return levels == list(message.level) and excitations == list(message.excitation)

    reading, message = shown(SignalsMessage, agrees)
    for name, level in zip(rows["emg"], message.level, strict=True):
        assert reading.texts["emg", name, "level"] == f"{100 * level:.0f} %".replace("-0 ", "0 ")

    def has_forces(reading: Reading, message: MusclesMessage) -> bool:
        forces = [reading.number("muscles", name, "force") for name in rows["muscles"]]
        return forces == list(message.force)

    shown(MusclesMessage, has_forces)


def test_streams_are_as_the_daemon_reports_them(stand, page, shown):
    assert names(stand, page)["streams"] == ["emg", "angles", "moments"]

    def agrees(reading: Reading, message: StatusMessage) -> bool:
        return all(
            reading.values["streams", one.key, "state"] == one.state
            and all(
                reading.number("streams", one.key, field) == getattr(one, field)
                for field in ("age_s", "rate_hz", "gaps", "missing_samples", "reconnects")
            )
            for one in message.streams
        )

    shown(StatusMessage, agrees, FRESH_S + STATUS_EVERY_S)


def test_each_update_has_its_verdict(stand, page, wait_until):
    def verdicts() -> list[dict]:
        told = "all => all.map(one => ({...one.dataset}))"
        return page.eval_on_selector_all(".verdicts button", told)

    wait_until(lambda: len(verdicts()) > 2, PATIENCE_S)
    told = verdicts()
    counts = [int(one["count"]) for one in told]
    assert counts == sorted(set(counts))

    def reports() -> dict[str, CalibratorReport]:
        told = [one.calibrator for one in stand.ear.of(StatusMessage) if one.calibrator]
        return {str(one.count): one for one in told}

    wait_until(lambda: max(map(int, reports()), default=-1) >= counts[-1], PATIENCE_S)
    by_count = reports()
    # The ear keeps the last minutes; and nothing of a second in which this process stood still.
    unheard = {str(count) for count in counts if count >= min(map(int, by_count))} - set(by_count)
    assert not unheard or not stand.ear.is_whole, unheard
    known = [one for one in told if one["count"] in by_count]
    assert known
    for one in known:
        report = by_count[one["count"]]
        assert one["result"] == report.result
        for field, value in (("before", report.error_before), ("after", report.error_after)):
            assert (float(one[field]) if one[field] else None) == value

    def is_newest() -> bool:
        version = Reading(page).values["calibrator", "", "version"]
        newest = stand.ear.newest(StatusMessage).calibrator
        return version == str(newest.version) and verdicts()[-1]["count"] == str(newest.count)

    wait_until(is_newest, PATIENCE_S)


def test_parameters_are_of_the_set_that_is_named(stand, page, wait_until):
    """Value, deviation, what is known of it, and how far it has gone since the start."""
    wait_until(lambda: any(one.deviation for one in stand.ear.of(ParametersMessage)), PATIENCE_S)
    start = stand.ask(Command.COMPARE, version=0).data["parameters"]

    def is_whole() -> bool:
        reading = Reading(page)
        version = page.text_content("#parameters-hint").removeprefix("set ")
        sets = [one for one in stand.ear.of(ParametersMessage) if str(one.version) == version]
        if not sets or page.text_content("#parameters-hint") != f"set {version}":
            return False
        told, rows = sets[-1], [row for row in reading.values if row[0] == "parameters" and row[1]]
        assert len(rows) == 4 * len(told.values) * len(told.muscles)
        return bool(told.deviation) and all(_agrees(reading, row, told, start) for row in rows)

    wait_until(is_whole, PATIENCE_S)


def _agrees(reading: Reading, row: tuple[str, str, str], told: ParametersMessage, start) -> bool:
    muscle, name = row[1].split("/")
    place = told.muscles.index(muscle)
    field = row[2]
    if field == "value":
        return reading.number(*row) == told.values[name][place]
    if field == "deviation":
        return reading.number(*row) == told.deviation[name][place]
    if field == "identifiability":
        return reading.values[row] == told.identifiability[name][place]
    then = start[name][muscle][1]
    drift = (told.values[name][place] - then) / abs(then)
    return reading.number(*row) == pytest.approx(drift, rel=1e-6, abs=1e-9)


def test_the_set_in_force_has_one_number_and_updates_are_counted(stand, page, wait_until):
    wait_until(lambda: Reading(page).values.get(("calibrator", "", "count")), PATIENCE_S)

    def is_one_number() -> bool:
        reading = Reading(page)
        banner = reading.values["banner", "", "parameter_version"]
        assert banner == reading.values["calibrator", "", "version"]
        hint = page.text_content("#parameters-hint")
        assert hint.startswith("set ")
        return hint == f"set {banner}"

    wait_until(is_one_number, PATIENCE_S)

    def is_counted() -> bool:
        reports = [one.calibrator for one in stand.ear.of(StatusMessage) if one.calibrator]
        return Reading(page).number("calibrator", "", "count") in {one.count for one in reports}

    wait_until(is_counted, PATIENCE_S)
    reading = Reading(page)
    accepted, heard = map(int, reading.values["calibrator", "", "accepted"].split(" of "))
    assert accepted <= heard <= reading.number("calibrator", "", "count")


def test_the_latency_is_that_of_the_last_minute(stand, page, wait_until):
    place = ("latency", "", "p50")
    wait_until(lambda: Reading(page).values.get(place), PATIENCE_S)

    def is_of_a_minute() -> bool:
        reading = Reading(page)
        timed = [one for one in stand.ear.of(MomentMessage) if one.t is not None]
        age_ms = np.array([1e3 * (one.t_published - one.t) for one in timed])
        minutes = last_minutes(np.array([one.t_published for one in timed]))
        return reading.number("latency", "", "max") in age_ms and all(
            any(is_share(reading.number("latency", "", name), share, age_ms[m]) for m in minutes)
            for name, share in (("p50", 50), ("p99", 99))
        )

    # What this process missed, because it stood still, is out of the page's minute after one.
    wait_until(is_of_a_minute, PATIENCE_S)


def last_minutes(t: np.ndarray) -> list[np.ndarray]:
    """Return which are of the minutes that ended up to ten seconds ago.

    The page is told once in a second, and shows what it was told.
    """
    return [(t > end - 60.0) & (t <= end) for end in t[-1] - np.arange(10.0)]


def is_share(value: float, percent: float, of: np.ndarray) -> bool:
    """Tell whether this lies above about so many percent of all."""
    if not len(of):  # before the daemon had begun
        return False
    low, high = np.percentile(of, [max(0.0, percent - 10.0), min(100.0, percent + 10.0)])
    return bool(low <= value <= high)
