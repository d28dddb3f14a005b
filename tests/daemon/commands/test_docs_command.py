import importlib.util
import webbrowser

import pytest

from daemon.commands.setup import docs as command

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("sphinx") is None, reason="the docs extra is not installed"
)


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A small manual in place of the whole one, and a cache of its own."""
    source = tmp_path / "pages"
    source.mkdir()
    (source / "conf.py").write_text('extensions = ["myst_parser"]\nhtml_theme = "furo"\n')
    (source / "index.md").write_text("# Small\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(command, "sources", lambda: source)
    return source


def test_it_is_built_once_and_anew_when_a_page_changes(hillstream, pages):
    first = hillstream("docs", "--no-open")
    assert first.exit_code == 0, first.output
    page = first.stdout.strip()
    assert page.endswith("index.html")
    built = command.cache() / page.split("/")[-2] / "index.html"
    before = built.stat().st_mtime_ns
    assert hillstream("docs", "--no-open").stdout.strip() == page
    assert built.stat().st_mtime_ns == before
    (pages / "index.md").write_text("# Larger than before\n")
    again = hillstream("docs", "--no-open").stdout.strip()
    assert again != page
    assert "Larger" in (command.cache() / again.split("/")[-2] / "index.html").read_text()
    assert not built.exists()


def test_it_is_opened_or_the_path_is_told_where_there_is_no_browser(hillstream, pages, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda uri: not opened.append(uri))
    assert hillstream("docs").stdout.strip() == ""
    assert opened[0].startswith("file://")
    monkeypatch.setattr(webbrowser, "open", lambda uri: False)
    assert hillstream("docs").stdout.strip().endswith("index.html")


def test_a_missing_extra_is_one_sentence(hillstream, pages, monkeypatch):
    there = importlib.util.find_spec
    monkeypatch.setattr(
        command.util, "find_spec", lambda name: None if name == "furo" else there(name)
    )
    result = hillstream("docs", "--no-open")
    assert result.exit_code == 2
    assert "The manual needs furo, which is not installed: pip install" in result.output


def test_a_manual_that_cannot_be_built_is_one_sentence(hillstream, pages):
    (pages / "conf.py").write_text("1 / 0\n")
    result = hillstream("docs", "--no-open")
    assert result.exit_code == 2
    assert "The manual cannot be built from" in result.output
    assert "Traceback" not in result.output


def test_a_cache_that_cannot_be_written_is_one_sentence(hillstream, pages, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    result = hillstream("docs", "--no-open")
    assert result.exit_code == 2
    assert "set XDG_CACHE_HOME" in result.output


def test_the_pages_are_those_beside_the_code():
    assert (command.sources() / "first-day.md").is_file()
