from dataclasses import replace

import pytest
from rich.cells import cell_len
from shown import EMG, MUSCLES, TRUTH, a_history, a_status, lines_of, row

from daemon.terminal.draw import course, gauge
from daemon.terminal.history import History
from daemon.terminal.view import line
from pipeline.output.message import Status, StatusMessage
from pipeline.streams.base import SourceState


@pytest.mark.parametrize(("width", "height"), [(100, 30), (80, 24), (60, 12), (200, 60)])
def test_the_view_fits_the_terminal(width, height):
    long = (
        "The electrode on the soleus has come off; press it on or take it out of the set-up. " * 3
    )
    lines = lines_of(a_history(a_status(note=long), truth=TRUTH), width, height)
    assert len(lines) < height
    assert max(cell_len(text) for text in lines) <= width


def test_all_muscles_are_shown_where_there_is_room():
    lines = lines_of(a_history(a_status()), 80, 24)
    assert all(any(muscle in text for text in lines) for muscle in MUSCLES)


def test_muscles_give_way_first_and_their_number_is_told():
    lines = lines_of(a_history(a_status()), 80, 16)
    assert row(lines, "latency")
    shown = sum(text.count("muscle_") for text in lines)
    assert f"... and {len(MUSCLES) - shown} more muscles" in lines


def test_a_stream_is_shown_with_its_losses():
    text = row(lines_of(a_history(a_status())), "emg")
    for cell in ("LIVE", "4 ms", "1000.2 Hz", " 2 ", " 17 ", "+1.20 ms"):
        assert cell in text


def test_a_streams_note_is_shown_whole_and_once():
    note = "The stream carries no channel 'TA'; correct its name in streams.emg.channels. " * 2
    lost = replace(EMG, state=SourceState.LOST, note=note.strip())
    shown = " ".join(" ".join(lines_of(a_history(a_status(streams=(lost,))), 80)).split())
    assert shown.count("emg: " + note.strip()) == 1
    both = a_history(a_status(streams=(lost,), note=note.strip()))
    assert " ".join(" ".join(lines_of(both, 80)).split()).count(note.strip()) == 1


def test_the_prediction_stands_beside_the_reference():
    text = row(lines_of(a_history(a_status())), "hip")
    assert "-6.0" in text
    assert "+12.0" in text
    assert text.index("●") < text.index("│") < text.index("○")


def test_what_is_unknown_is_a_dash():
    text = row(lines_of(a_history(a_status())), "knee")
    assert text.split()[1:3] == ["+3.0", "-"]
    assert "○" not in text


def test_the_course_of_the_error_has_a_bar_for_each_second():
    history = a_history(*(a_status(second) for second in (0, 1, 1, 2, 3)))
    assert "█▇▆▆" in row(lines_of(history), "hip") or "█▇▆▅" in row(lines_of(history), "hip")
    assert list(history.rmse["hip"]) == [9.0, 8.0, 7.0, 6.0]


def test_parameters_are_shown_relative_to_the_start():
    history = a_history(a_status(0, strength=0.8), a_status(1, strength=1.0))
    assert row(lines_of(history), "muscle_0").split()[:4] == ["muscle_0", "+25", "+0", "+0"]


def test_where_the_truth_is_known_it_stands_beside():
    history = a_history(a_status(0), a_status(1, strength=1.4), truth=TRUTH)
    assert "+40/+50" in row(lines_of(history), "muscle_0")
    assert "+40/+0" in row(lines_of(history), "muscle_1")


def test_a_daemon_that_is_silent_is_not_shown_as_working():
    history = a_history(a_status())
    assert "NOMINAL" in lines_of(history, now=101.0)[1]
    silent = lines_of(history, now=110.0)[1]
    assert "SILENT" in silent
    assert "10 s" in silent
    assert "NOMINAL" not in silent


def test_parameters_that_are_not_trusted_are_shown_with_the_reason():
    status = a_status(status=Status.CALIBRATING, note="Why not.", doubt="Why not.")
    assert "CALIBRATING  Why not." in lines_of(a_history(status))[1]
    assert "CALIBRATING" in line(status)


@pytest.mark.parametrize("status", Status)
def test_every_status_can_be_shown(status):
    assert status in lines_of(a_history(a_status(), a_status(1, status=status)))[1]


def test_what_is_known_of_a_lost_stream_is_not_shown_as_new():
    lost = replace(EMG, state=SourceState.LOST)
    history = a_history(a_status(0), a_status(1, streams=(lost,)))
    text = row(lines_of(history), "hip")
    assert "+12.0" not in text
    assert "8.00" not in text
    assert list(history.rmse["hip"]) == [9.0, None]


def test_the_last_message_keeps_what_was_shown_before():
    last = StatusMessage(session="0123456789ab", t=102.0, status=Status.STOPPED, uptime_s=2.0)
    lines = lines_of(a_history(a_status(), last))
    assert "STOPPED" in lines[1]
    assert "+12.0" in row(lines, "hip")


def test_nothing_heard_yet_is_said():
    assert "Starting" in "".join(lines_of(History("Walking", ("hip", "knee"))))


def test_without_calibrator_and_reference_the_rest_is_shown():
    status = a_status(calibrator=None, reference=None, rmse={}, parameters={}, muscles=())
    lines = lines_of(a_history(status))
    assert row(lines, "calibrator").endswith("no update")
    assert row(lines, "hip").split()[1:3] == ["-6.0", "-"]


def test_the_log_has_the_last_line():
    history = a_history(a_status())
    history.log = "WARNING: The calibrator ended unexpectedly; starting it again"
    assert lines_of(history)[-1] == history.log


def test_a_status_is_one_line_where_there_is_no_terminal():
    text = line(a_status(7, note="All is well."))
    assert "\n" not in text
    for words in ("7.0 s", "NOMINAL", "emg LIVE", "hip 2.00, knee - N*m", "set 3 ok", "All is"):
        assert words in text


@pytest.mark.parametrize(
    ("predicted", "reference", "shown"),
    [
        (None, None, "··│··"),
        (0.0, None, "··●··"),
        (-10.0, 10.0, "●·│·○"),
        (-99.0, 99.0, "●·│·○"),
        (5.0, 5.0, "··│◉·"),
    ],
)
def test_a_gauge_points_at_its_values(predicted, reference, shown):
    assert gauge(predicted, reference, 10.0, 5).plain == shown


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([], "    "),
        ([0.0], "   ▁"),
        ([8.0, None, 4.0], " █ ▅"),
        ([9.0, 1.0, 1.0, 1.0, 1.0], "████"),
    ],
)
def test_a_course_has_bars_from_zero_to_the_largest(values, shown):
    assert course(values, 4) == shown
