import os
import subprocess
import sys

import pytest
from places import ROOT

from daemon.diagnostics.doctor import examine

pytestmark = pytest.mark.system
REPORT = """
from daemon.diagnostics.doctor import examine
for finding in examine():
    print(finding.name, finding.ok, finding.detail, finding.fix, sep="|")
"""


def test_every_part_is_examined_and_each_fault_has_a_fix():
    findings = {finding.name: finding for finding in examine()}
    for name in ("Python", "torch", "liblsl", "LSL loopback", "ZeroMQ loopback", "LSL clock"):
        assert findings[name].ok, findings[name]
    assert all(finding.detail for finding in findings.values())
    assert all(finding.ok != bool(finding.fix) for finding in findings.values())


def reported(**environment):
    """Examine in a process of its own, since liblsl is loaded and configured once in each."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {row.split("|")[0]: row.split("|")[1:] for row in done.stdout.splitlines()}


def test_without_liblsl_the_other_parts_are_still_examined(tmp_path):
    broken = tmp_path / "liblsl.so"
    broken.write_text("not a library")
    rows = reported(PYLSL_LIB=str(broken))
    assert rows["liblsl"][0] == "False"
    assert "conda install -c conda-forge liblsl" in rows["liblsl"][2]
    assert rows["LSL loopback"] == ["False", "not examined without liblsl", "See liblsl."]
    assert rows["ZeroMQ loopback"][0] == rows["torch"][0] == "True"


def test_a_configuration_file_of_lsl_that_is_not_there_is_told():
    ok, detail, fix = reported(LSLAPICFG="/nowhere/lsl_api.cfg")["LSL configuration"]
    assert ok == "False"
    assert "/nowhere/lsl_api.cfg" in detail
    assert "LSLAPICFG" in fix
