"""docs/first-day.md is run as it stands: each command, and what it prints.

Notes in a block say how: in another terminal, until it says a word, some seconds later, after
Ctrl-C. A block that no test can run has a comment above it, `<!-- not run: why -->`.
"""

import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from functools import partial

import pytest
from places import CONFIGS, DOCS

from pipeline.streams import clock

PAGE = (DOCS / "first-day.md").read_text(encoding="utf-8")
ALL = re.findall(
    r"(?:<!-- not run: (?P<reason>[^>]+) -->\n)?"
    r"```sh\n(?P<command>.*?)```(?:\n```text\n(?P<printed>.*?)```)?",
    PAGE,
    re.S,
)
BLOCKS = [(block, printed) for reason, block, printed in ALL if not reason]
PATIENCE_S = 150
ASKING_S = 20
"""How long a command waits for the answer of a daemon that a busy machine holds up."""
PATIENT = f"""
import daemon.control.handler
daemon.control.handler.ANSWER_WITHIN_S = {ASKING_S}
from daemon.cli import main
main()
"""


class Day:
    """A folder, and what runs in it."""

    def __init__(self, folder, stack):
        self.folder, self.stack, self.running = folder, stack, []

    def arguments(self, command):
        words = [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', command)]
        assert words[0] == "hillstream"
        if words[1] == "ctl":
            words += ["--patience", str(ASKING_S)]
        return [sys.executable, "-c", PATIENT, *words[1:]]

    def start(self, command):
        process = subprocess.Popen(
            self.arguments(command), cwd=self.folder, stdout=subprocess.DEVNULL
        )
        self.stack.callback(process.wait, PATIENCE_S)
        self.stack.callback(process.send_signal, signal.SIGINT)
        self.running.append(process)

    def end_last(self):
        process = self.running.pop()
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0

    def run(self, command):
        return subprocess.run(
            self.arguments(command),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )


def shape(line):
    """Return a line without its numbers and the width of its gaps."""
    return re.sub(r"\s+", " ", re.sub(r"-?\d+(\.\d+)?", "#", line)).strip()


def is_among(shown, lines):
    """Tell whether a line was printed, or its beginning where it ends in dots."""
    if shown.endswith("…"):
        return any(line.startswith(shape(shown.removesuffix("…"))) for line in lines)
    return shape(shown) in lines


@pytest.mark.timeout(600)  # a minute and a half where nothing else runs
def test_every_command_of_the_page_prints_what_it_says(tmp_path, wait_until, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("PYTHONPATH", str(CONFIGS.parent))
    (tmp_path / "configs").symlink_to(CONFIGS)
    assert len(BLOCKS) == 15
    assert len(ALL) == PAGE.count("```sh")
    with ExitStack() as stack:
        day = Day(tmp_path, stack)
        for block, printed in BLOCKS:
            *notes, command = block.strip().splitlines()
            note = " ".join(notes)
            if "another terminal" in note:
                day.start(command)
                if "simulate" in command:
                    wait_until(lambda: sends("hillstream-emg"), PATIENCE_S)
                continue
            if "after Ctrl-C" in note:
                day.end_last()
            if later := re.search(r"(\d+) seconds later", note):
                due = clock.now() + float(later[1])
                wait_until(lambda due=due: clock.now() >= due)
            result = day.run(command)
            if "until it says" in note:
                said = partial(says, note.split()[-1], printed)
                result = until(said, result, partial(day.run, command), wait_until)
            assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"
            assert not missing(printed, result.stdout), f"{command}\n{result.stdout}"


def missing(printed, told):
    """Return the lines of the page that were not printed."""
    lines = [shape(line) for line in told.splitlines()]
    return [one for one in printed.splitlines() if not is_among(one, lines)]


def says(word, printed, told):
    """Tell whether a word was said and nothing is missing beside it."""
    return word in told and not missing(printed, told)


def until(is_said, result, again, wait_until):
    """Return the first result that says what it should; the next may say something else."""
    results = [result]

    def is_there():
        if not is_said(results[-1].stdout):
            results.append(again())
        return is_said(results[-1].stdout)

    wait_until(is_there, PATIENCE_S)
    return results[-1]


def sends(name):
    import pylsl

    return bool(pylsl.resolve_byprop("name", name, timeout=0.5))
