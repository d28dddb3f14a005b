"""The study's command, on one first guess."""

import json

import pytest
from click.testing import CliRunner

from tools.studies.diff_msm import __main__ as diff_msm
from tools.studies.diff_msm.methods import methods, run, title

METHOD = "Gauss-Newton, muscles and bones"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """What the command keeps, as if every method had done what one of them did."""
    result = run(METHOD, 0, 1.0)
    known = {"known": "a", "unknown": "b", "shown": "1 of 2", "scale": "3 %"}
    names = [*methods(1.0), title(diff_msm.CHECKED, diff_msm.FINER)]
    found = [{**result, "method": name} for name in names]
    file = tmp_path_factory.mktemp("study") / "study.json"
    file.write_text(json.dumps({"anchors": [known], "results": found}), encoding="utf-8")
    return file


def test_muscles_and_bones_are_found(content):
    result = json.loads(content.read_text(encoding="utf-8"))["results"][0]
    assert result["start"]["muscle_error"] > 3.0
    assert result["muscle_error"] < 0.05
    assert result["base_error"] < 0.05
    assert result["bone_error"] > 0.1  # what no motion shows stays as it was believed
    assert result["new_moment_error"] < 0.1


def test_tables_and_figure_from_what_was_kept(content, tmp_path):
    pytest.importorskip("matplotlib")
    figure = tmp_path / "figure.png"
    again = ["--json", str(content), "--seeds", "1", "--figure", str(figure)]
    outcome = CliRunner().invoke(diff_msm.main, again)
    assert outcome.exit_code == 0, outcome.output
    for name in methods(1.0):
        assert f"| {name} |" in outcome.output
    assert "| BRD |" in outcome.output
    assert "| a | b | 1 of 2 | 3 % |" in outcome.output
    assert figure.stat().st_size > 10_000
