"""The bench of the cockpit as a person runs it, for a few seconds; nothing is judged by speed."""

import json
import shutil

import pytest
from click.testing import CliRunner

from daemon.cli import main

SECONDS, BROWSERS = 3, 3

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]  # a busy machine starts it slowly


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> dict:
    file = tmp_path_factory.mktemp("web") / "web.json"
    options = ["--seconds", str(SECONDS), "--browsers", str(BROWSERS), "--json", str(file)]
    if shutil.which("chromium"):
        options += ["--chromium", "--minutes", "0.05"]
    told = CliRunner().invoke(main, ["bench", "web", *options])
    assert told.exit_code == 0, told.output
    return json.loads(file.read_text())


def test_the_daemon_is_measured_without_with_one_and_with_all(result):
    runs = result["parts"]["daemon and server"]["details"]
    assert list(runs) == ["0", "1", str(BROWSERS)]
    for count, run in runs.items():
        assert run["expected"] > 0  # how many a busy machine makes is no matter here
        assert 0.0 < run["latency_ms"]["p50"] <= run["latency_ms"]["p99"]
        assert run["cpu_percent"]["predictor"] > 0.0
        assert bool(run["web"]) == (count != "0")


def test_each_browser_was_sent_frames(result):
    runs = result["parts"]["daemon and server"]["details"]
    for count in (1, BROWSERS):
        sent, web = runs[str(count)]["browsers"], runs[str(count)]["web"]
        assert len(sent["frames"]) == count
        assert min(sent["frames"]) > SECONDS * 5
        assert min(sent["bytes"]) > 1000
        assert web["percent"] > 0.0
        assert web["memory_mb"] > 10.0


def test_every_figure_has_its_target(result):
    figures = result["parts"]["daemon and server"]["figures"]
    assert len(figures) == 5
    assert all(one["value"] >= 0.0 and one["target"] >= 0.0 for one in figures)


def test_a_real_page_is_watched_where_there_is_a_browser(result):
    if not shutil.which("chromium"):
        pytest.skip("no Chromium on this machine")
    seen = result["parts"]["page"]["details"]
    assert seen["seconds"] >= SECONDS
    assert seen["frames_per_s"] > 0.0
    assert 0.0 < seen["longest_task_ms"] <= seen["busy_ms"]
    assert seen["creep"] > 0.0
    assert all(duration >= 50.0 for duration in seen["long_tasks_ms"])
