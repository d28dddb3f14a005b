"""What the muscles do, in the live view: on a key, strongest first, within the terminal."""

import pytest
from rich.cells import cell_len
from shown import MUSCLES, a_history, a_moment, a_status, lines_of, row

from pipeline.output.message import MusclesMessage, Status

COUNT = len(MUSCLES)


def a_message(force=None, t=100.0):
    force = force or [100.0 * (i + 1) for i in range(COUNT)]
    tenth = [0.1] * COUNT
    return MusclesMessage(
        session="0123456789ab",
        seq=1,
        t=t,
        t_published=t,
        valid_until=t + 0.1,
        status=Status.NOMINAL,
        ok=(True, True),
        parameter_version=0,
        excitation=tenth,
        activation=[0.5] * COUNT,
        force=force,
        active_force=force,
        passive_force=[7.0] * COUNT,
        fibre_length=[0.95] * COUNT,
        fibre_velocity=[-0.25] * COUNT,
        tendon_strain=[0.033] * COUNT,
        moment=([0.0] * COUNT, [-12.5] * COUNT),
    )


def a_view(*messages, second=0):
    history = a_history(a_status(second))
    history.moment = a_moment(-6.0, 3.0).model_copy(update={"stiffness": (31.25, -4.0)})
    history.shows_muscles = True
    for message in messages:
        history.take_muscles(message)
    return history


def test_a_muscle_has_all_that_is_told_of_it():
    text = row(lines_of(a_view(a_message())), "muscle_9")
    told = text.split()
    assert told == ["muscle_9", "████", "50%", "1000", "7", "0.95", "-0.25", "3.3", "·", "-12.5"]


def test_the_joints_stiffness_stands_above():
    text = row(lines_of(a_view(a_message())), "stiffness").replace("\u00a0", " ")
    assert "hip +31.2, knee -4.0 N*m/rad" in text


def test_those_that_have_pulled_most_come_first_and_the_order_does_not_jump():
    history = a_view(a_message(), a_message(force=[500.0, *[1.0] * (COUNT - 1)]))
    shown = [text.split()[0] for text in lines_of(history) if text.startswith("muscle_")]
    assert shown[:6] == ["muscle_9", "muscle_8", "muscle_7", "muscle_6", "muscle_5", "muscle_0"]


@pytest.mark.parametrize(("width", "height"), [(100, 30), (80, 24), (60, 18), (200, 60), (40, 12)])
def test_it_fits_the_terminal_and_says_how_many_are_not_shown(width, height):
    lines = lines_of(a_view(a_message()), width, height)
    assert len(lines) < height
    assert max(map(cell_len, lines)) <= width
    shown = sum(text.startswith("muscle_") for text in lines)
    if 0 < shown < COUNT:
        assert f"... and {COUNT - shown} weaker muscles" in lines


def test_where_nothing_is_told_it_says_why():
    assert row(lines_of(a_view()), "Nothing is told").endswith("output.muscles_hz is 0.")


def test_what_is_old_is_not_shown_as_new():
    fresh = lines_of(a_view(a_message(t=105.0), second=6))
    assert not any("old" in text for text in fresh)
    assert "for 6 s" in row(lines_of(a_view(a_message(t=100.0), second=6)), "No valid moment")


def test_the_key_is_told_once_there_is_something_to_see():
    history = a_view(a_message())
    assert lines_of(history)[-1] == "m: the parameters"
    history.shows_muscles = False
    assert lines_of(history)[-1] == "m: what the muscles do"
    assert row(lines_of(history), "muscle_0").split()[1:4] == ["+0", "+0", "+0"]
    assert not any(text.startswith("m:") for text in lines_of(a_history(a_status())))
