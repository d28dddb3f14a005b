"""Findings as text: a line each while they come, and the table of docs/reliability.md."""

from __future__ import annotations

from collections.abc import Sequence

from tools.robustness.faults.finding import Finding

BEGIN, END = (
    "<!-- python -m tools.robustness.faults --page writes from here -->\n",
    "<!-- to here -->",
)
_HEAD = (
    "| what happens | usable | without | longest pause | status | noticed | recovered | lost |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
_WORDS = {
    "missing_samples": "samples missing",
    "nonfinite": "samples not finite",
    "out_of_order": "samples out of order",
    "refused": "messages refused",
    "replayed": "messages replayed",
    "reconnects": "returns",
}


def line(one: Finding) -> str:
    """Return a finding in a line."""
    return (
        f"{one.name:19} usable {100 * one.usable:5.1f} %, without {_time(one.without_s)}, "
        f"longest pause {_time(one.longest_pause_s)}, {one.nonfinite} not finite, "
        f"{' '.join(one.words)}; noticed {_noticed(one)}, recovered {_time(one.recovered_s)}; "
        f"lost {_lost(one)}. {one.note}"
    )


def table(found: Sequence[Finding]) -> str:
    """Return the findings as a Markdown table."""
    return _HEAD + "".join(_row(one) for one in found)


def _row(one: Finding) -> str:
    lasted = f", {one.lasted_s:.3g} s" if one.lasted_s > 0.1 else ""
    cells = (
        one.title + lasted,
        f"{100 * one.usable:.0f} %",
        _time(one.without_s),
        _time(one.longest_pause_s),
        " ".join(one.words),
        _noticed(one),
        _time(one.recovered_s),
        _lost(one),
    )
    return "| " + " | ".join(cells) + " |\n"


def into_page(page: str, found: Sequence[Finding]) -> str:
    """Return a page with the table in its place."""
    head, _, rest = page.partition(BEGIN)
    return head + BEGIN + table(found) + END + rest.partition(END)[2]


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not"
    return f"{1e3 * seconds:.0f} ms" if seconds < 0.95 else f"{seconds:.1f} s"


def _noticed(one: Finding) -> str:
    return "-" if one.noticed_s is None else f"{_time(one.noticed_s)} (`{one.noticed_by}`)"


def _lost(one: Finding) -> str:
    parts = [f"{count} {_WORDS[key]}" for key, count in one.counted.items() if count]
    if one.missed_ticks:
        parts.insert(0, f"{one.missed_ticks} ticks")
    return ", ".join(parts) or "nothing"
