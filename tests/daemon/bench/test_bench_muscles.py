"""The bench command tells what muscles and stiffness add to a tick, and on what."""

import json

from click.testing import CliRunner

from daemon.bench import muscles
from daemon.commands.offline.bench import bench


def test_the_figures_are_written_with_what_they_were_measured_on(tmp_path, monkeypatch):
    monkeypatch.setattr(muscles, "TICKS", 300)
    out = tmp_path / "out.json"
    result = CliRunner().invoke(bench, ["muscles", "--json", str(out)])
    assert result.exit_code == 0, result.output
    found = json.loads(out.read_text())
    assert (found["muscles"], found["machine"] != "") == (16, True)
    assert set(found["ms"]) == {"plain", "computed", "published", "added"}
    for ms in (found["ms"]["plain"], found["ms"]["published"]):
        assert 0.0 < ms["p50"] <= ms["p99"]
