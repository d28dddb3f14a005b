"""The bench command measures and says what."""

import json

from click.testing import CliRunner

from daemon.commands.offline.bench import bench


def test_the_figures_are_written_with_what_they_were_measured_on(tmp_path):
    out = tmp_path / "out.json"
    result = CliRunner().invoke(bench, ["synthesis", "--json", str(out)])
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert (found["channels"], found["synergies"]) == (16, 8)
    for key in ("tick_ms", "switch_ms"):
        assert 0.0 < found[key]["p50"] <= found[key]["p99"] <= found[key]["max"]
    assert found["machine"]
