"""What the muscles do, as a table in the live view: those that have pulled most first."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from daemon.terminal.draw import aligned, filled
from daemon.terminal.history import History

KEY = "m"
"""What is pressed to see it, and to see the parameters again."""
OLD_AFTER_S = 1.5
"""Age beside the newest report from which what is shown is called old, s."""
_BAR = 8
_INDENT = 12
_UNITS = ("muscle", "activation", "force, N", "passive", "fibre", "velocity", "strain, %")


def muscle_lines(
    history: History, names: Sequence[str], now: float, width: int, room: int
) -> list[Text]:
    """Return the table in at most `room` lines of at most `width` characters.

    Parameters
    ----------
    history
        What has been heard.
    names
        Of the muscles.
    now
        Time of the newest report, s, that an age is told against.
    width, room
        Characters and lines; weak muscles give way, and joints at the right.
    """
    message = history.muscles
    if message is None or len(message.force) != len(names):
        return [Text("Nothing is told of the muscles: output.muscles_hz is 0.", "yellow")][:room]
    head = _stiffness(history, width)
    age_s = now - message.t_published
    if age_s > OLD_AFTER_S:
        head.append(Text(f"No valid moment for {age_s:.0f} s; what follows is old.", "red"))
    shown = sorted(range(len(names)), key=lambda i: -history.peak_force[i])
    hidden = len(shown) - max(room - len(head) - 1, 0)
    if hidden > 0:
        shown = shown[: -hidden - 1]
    lines = _fitting(history, names, shown, width)
    more = [Text(f"... and {hidden + 1} weaker muscles", "dim")] if hidden > 0 else []
    return [*head, *lines, *more][:room]


def _stiffness(history: History, width: int) -> list[Text]:
    """Return how stiff each joint is, in as many lines as it takes."""
    moment = history.moment
    if moment is None or moment.stiffness is None:
        return []
    pairs = zip(history.dofs, moment.stiffness, strict=False)
    told = ", ".join(f"{dof}\u00a0{value:+.1f}" for dof, value in pairs)
    lines = textwrap.wrap(f"{told} N*m/rad", max(width - _INDENT, 20), break_on_hyphens=False)
    words = ["stiffness", *[""] * (len(lines) - 1)]
    return [
        Text.assemble((word.ljust(_INDENT), "bold dim"), line)
        for word, line in zip(words, lines, strict=True)
    ]


def _fitting(
    history: History, names: Sequence[str], shown: Sequence[int], width: int
) -> list[Text]:
    """Return the table with as many joints' moments as there is room for."""
    rows = [(_states(history, names, i), i) for i in shown]
    short = [dof if len(dof) <= 9 else f"{dof[:4]}…{dof[-4:]}" for dof in history.dofs]
    for names_shown in (history.dofs, *(short[:n] for n in range(len(short), -1, -1))):
        n = len(names_shown)
        titles = [*_UNITS, *names_shown]
        lines = aligned(titles, [[*row, *_shares(history, i)[:n]] for row, i in rows])
        if lines[0].cell_len <= width:
            break
    return lines


def _states(history: History, names: Sequence[str], i: int) -> list[str | Text]:
    """Return a muscle's row without its moments."""
    message = history.muscles
    assert message is not None
    activation = message.activation[i]
    return [
        names[i],
        Text.assemble((filled(activation, _BAR), "cyan"), f" {activation:4.0%}"),
        Text(f"{message.force[i]:.0f}", "bold"),
        Text(f"{message.passive_force[i]:.0f}", "dim"),
        f"{message.fibre_length[i]:.2f}",
        f"{message.fibre_velocity[i]:+.2f}",
        f"{100.0 * message.tendon_strain[i]:.1f}",
    ]


def _shares(history: History, i: int) -> list[str | Text]:
    """Return a muscle's moment about each joint; a dot where it does not cross it."""
    message = history.muscles
    assert message is not None
    return [
        Text(f"{share[i]:+.1f}", "cyan" if share[i] > 0 else "magenta")
        if share[i]
        else Text("·", "dim")
        for share in message.moment
    ]
