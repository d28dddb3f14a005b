import pytest
from click.testing import CliRunner

from daemon.commands.setup.subject import subject
from daemon.terminal.command import Commands
from pipeline.model.subject import load_subject


@pytest.fixture
def run():
    """Run `hillstream subject` with some arguments."""
    group = Commands(commands={"subject": subject})
    return lambda *arguments: CliRunner().invoke(group, ["subject", *map(str, arguments)])


def test_a_person_goes_to_ceinms_rt_and_comes_back(run, shared_data, tmp_path):
    first, xml, again = tmp_path / "a.json", tmp_path / "a.xml", tmp_path / "b.json"
    source = shared_data / "walking" / "ceinms_subject_calibrated.xml"
    result = run("import", source, "-o", first, "--config", "walking")
    assert result.exit_code == 0, result.output
    assert "49 muscles" in result.output
    assert "shape_factor of" in result.output
    assert run("export", first, "-o", xml, "--config", "walking").exit_code == 0
    assert "vas_lat_r vas_int_r" in xml.read_text() or "vas_int_r vas_lat_r" in xml.read_text()
    back = run("import", xml, "-o", again, "--config", "walking")
    left_out, wrote = back.output.splitlines()
    assert left_out.startswith("Left out of the file: DoFs, Channels; ")
    assert wrote == f"Wrote 43 muscles to {again}."
    one, other = load_subject(first), load_subject(again)
    for key in one.values():
        assert getattr(one, key).tolist() == getattr(other, key).tolist()


def test_without_a_set_up_the_export_says_what_is_missing(run, shared_data, tmp_path):
    person = tmp_path / "a.json"
    run("import", shared_data / "walking" / "gait2392.osim", "-o", person)
    result = run("export", person, "-o", tmp_path / "a.xml", "--format", "ceinms")
    assert result.exit_code == 0
    assert "nothing of joints and channels" in result.output


def test_mistakes_end_with_status_2_and_write_nothing(run, tmp_path):
    (tmp_path / "page.xml").write_text("<html/>")
    out = tmp_path / "out.json"
    for arguments in (
        ("import", tmp_path / "page.xml", "-o", out),
        ("export", tmp_path / "page.xml", "-o", out),
        ("import", tmp_path / "page.xml", "-o", tmp_path / "nowhere" / "out.json"),
        ("import", tmp_path / "none.xml", "-o", out),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, result.output
        assert not out.exists()


def test_a_file_that_is_there_is_kept_unless_overwriting_is_asked_for(run, shared_data, tmp_path):
    source = shared_data / "walking" / "ceinms_subject_calibrated.xml"
    person, xml = tmp_path / "a.json", tmp_path / "a.xml"
    assert run("import", source, "-o", person).exit_code == 0
    assert run("export", person, "-o", xml).exit_code == 0
    for command, file, output in (("import", source, person), ("export", person, xml)):
        before = output.read_bytes()
        output.write_bytes(before + b" ")
        result = run(command, file, "-o", output)
        assert result.exit_code == 2
        assert f"{output} would be overwritten; give another file, or --overwrite." in result.output
        assert output.read_bytes() == before + b" "
        assert run(command, file, "-o", output, "--overwrite").exit_code == 0
        assert output.read_bytes() == before


def test_options_of_a_run_that_mean_nothing_are_refused(run, shared_data, tmp_path):
    person = tmp_path / "a.json"
    run("import", shared_data / "walking" / "ceinms_subject_calibrated.xml", "-o", person)
    files = ("--excitations", "e.sto", "--lengths", "l.sto", "--moment-arm", "ankle=a.sto")
    for options, sentence in (
        (("--muscles", " ,"), "names no muscle"),
        (("--moment-arm", "ankle=b.sto"), "ankle has two files, 'a.sto' and 'b.sto'"),
        (("--delay", "nan"), "nan is not a number"),
    ):
        result = run("run", person, *files, *options, "-o", tmp_path / "out")
        assert result.exit_code == 2, result.output
        assert sentence in result.output
        assert not (tmp_path / "out").exists()


def test_an_export_says_what_its_file_cannot(run, shared_data, tmp_path):
    person, xml = tmp_path / "a.json", tmp_path / "a.xml"
    source = shared_data / "walking" / "ceinms_subject_calibrated.xml"
    run("import", source, "-o", person, "--tendon", "rigid")
    result = run("export", person, "-o", xml, "--config", "walking")
    assert result.exit_code == 0
    assert "92 of 92 tendons are rigid, which the file cannot say" in " ".join(
        result.output.split()
    )


def test_a_set_up_of_other_muscles_is_not_written_into_an_export(run, shared_data, tmp_path):
    person, xml = tmp_path / "a.json", tmp_path / "a.xml"
    run("import", shared_data / "walking" / "gait2392.osim", "-o", person)
    result = run("export", person, "-o", xml, "--config", "arm")
    assert result.exit_code == 2
    assert "lacks BIClong, BICshort, BRA," in result.output
    assert "and 2 more, which the set-up has" in result.output
    assert not xml.exists()
