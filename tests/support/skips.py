"""Skips that are allowed, with their reason; where CI is set, any other fails the run."""

import os
import re

import pytest

ALLOWED = {
    r"the real recordings are not on this machine": "the recordings are not part of the project",
    r"no C\+\+ compiler": "only the C++ client needs one",
    r"no Python with ROS 2": "only a machine with ROS 2 has one",
    r"no Chromium": "only the tests of the page need a browser",
    r"this machine has CUDA": "the test is of a machine without",
    r"this machine has no CUDA device": "the test is of a GPU; see docs/gpu.md",
}
"""By pattern of the reason that a test gives, why it may be skipped."""

SKIPS = pytest.StashKey[list[tuple[str, str]]]()


def why_allowed(reason: str) -> str | None:
    """Return why a test may be skipped for `reason`; None where it may not."""
    return next((why for pattern, why in ALLOWED.items() if re.search(pattern, reason)), None)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[SKIPS] = []
    config.pluginmanager.register(_Collector(config.stash[SKIPS]))


class _Collector:
    """Keeps what was skipped, while tests are collected and while they run."""

    def __init__(self, skips: list[tuple[str, str]]) -> None:
        self._skips = skips

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            said = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            self._skips.append((report.nodeid, str(said)))


def _unexpected(config: pytest.Config) -> list[tuple[str, str]]:
    return [(test, said) for test, said in config.stash[SKIPS] if why_allowed(said) is None]


def pytest_sessionfinish(session: pytest.Session) -> None:
    if os.environ.get("CI") and _unexpected(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    terminalreporter.write_line("Skips that are allowed:")
    for pattern, why in ALLOWED.items():
        count = sum(bool(re.search(pattern, said)) for _, said in config.stash[SKIPS])
        terminalreporter.write_line(f"  {count} x {pattern.replace(chr(92), '')}: {why}")
    for test, said in _unexpected(config):
        terminalreporter.write_line(f"  NOT ALLOWED: {test}: {said}", red=True)
