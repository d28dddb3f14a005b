"""Tables as they are printed."""

import io

from rich.console import Console
from rich.table import Column

from daemon.terminal.table import facts, table


def printed(shown, width=40):
    console = Console(file=io.StringIO(), width=width)
    console.print(shown)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_words_stand_at_the_left_and_numbers_at_the_right():
    shown = table(["joint"], ("RMSE", "R2"), [("knee", "12.5", "0.9"), ("hip", "1.5", "-")])
    assert printed(shown) == ["joint  RMSE   R2", "knee   12.5  0.9", "hip     1.5    -"]


def test_without_a_title_there_is_no_line_of_titles():
    assert printed(table([Column(), Column()], (), [("fit", "torch")])) == ["fit  torch"]


def test_long_facts_are_folded_beside_their_name():
    shown = facts("Arm", [("model", "arm26"), ("output", "none: nobody hears it")])
    assert printed(shown, 24) == [
        "Arm",
        "model   arm26",
        "output  none: nobody",
        "        hears it",
    ]
