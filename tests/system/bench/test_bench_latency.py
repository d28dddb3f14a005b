"""The bench as a person runs it, for a few seconds; nothing is judged by how fast it was."""

import json

import pytest
from click.testing import CliRunner

from daemon.bench.latency.setup import Size, bench_config
from daemon.cli import main
from daemon.live.stages import STAGES
from pipeline.geometry import load_model

SECONDS = 3
FIGURES = ("p50", "p99", "p999", "max")

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]  # a busy machine starts it slowly


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """What one short run of the command comes to, and what it printed."""
    file = tmp_path_factory.mktemp("latency") / "latency.json"
    options = ["--seconds", str(SECONDS), "--channels", "4", "--muscles", "3", "--json", str(file)]
    told = CliRunner().invoke(main, ["bench", "latency", *options])
    assert told.exit_code == 0, told.output
    result = json.loads(file.read_text())
    assert result["cores"] >= 1
    assert len(result["runs"]) == 1
    return result["runs"][0], told.output


def test_every_figure_is_there_and_rises(run):
    figures, _ = run
    for table in (figures["latency_ms"], figures["reception_ms"], *figures["stages_ms"].values()):
        values = [table[name] for name in FIGURES]
        assert all(value >= 0.0 for value in values)
        assert values[:3] == sorted(values[:3])
    assert set(figures["stages_ms"]) == set(STAGES)


def test_the_stages_add_up_to_the_latency(run):
    figures, _ = run
    parts = sum(figures["stages_ms"][stage]["mean"] for stage in STAGES)
    assert parts == pytest.approx(figures["latency_ms"]["mean"])


def test_ticks_are_counted(run):
    figures, _ = run
    ticks = figures["ticks"]
    assert ticks["expected"] >= SECONDS * figures["model_rate_hz"]
    assert ticks["published"] > 0
    assert 0 <= ticks["late"] <= ticks["heard"]


def test_every_process_has_its_share(run):
    figures, _ = run
    names = {"predictor", "calibrator", "recorder", "supervisor", "sender", "subscriber"}
    assert names | {"others", "stolen"} <= set(figures["cpu_percent"])
    assert figures["cpu_percent"]["predictor"] > 0.0


def test_it_says_what_stands_in_the_way_or_that_nothing_does(run):
    figures, told = run
    assert (figures["in_the_way"] or "All that is wanted was reached") in told.replace("\n", " ")


@pytest.mark.parametrize(("channels", "muscles"), [(16, 16), (64, 40), (3, 10), (40, 3)])
def test_a_set_up_of_any_size_uses_every_channel(tmp_path, channels, muscles):
    config = bench_config(Size(channels, muscles), tmp_path)
    model = load_model(config.model.file)
    assert len(set(model.muscle_names)) == muscles
    used = {channel for names in config.model.muscles.values() for channel in names}
    assert len(used) == channels
    assert set(config.model.muscles) == set(model.muscle_names)
