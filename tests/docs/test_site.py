"""The site is built as CI builds it: a warning is an error, and so is a link to nowhere."""

import re
import shutil
import subprocess
import sys
import tomllib

import pytest
from places import DOCS, ROOT

pytest.importorskip("sphinx")
pytest.importorskip("furo")
pytest.importorskip("myst_parser")

PAGES = sorted(DOCS.rglob("*.md"))


def build(source, out):
    strict = ("-W", "--keep-going", "-n", "-q")
    order = [sys.executable, "-m", "sphinx", *strict, "-b", "html", str(source), str(out)]
    return subprocess.run(order, capture_output=True, text=True, cwd=ROOT, timeout=110)


def test_the_site_builds_without_a_warning(tmp_path):
    result = build(DOCS, tmp_path / "site")
    assert result.returncode == 0, result.stderr
    page = (tmp_path / "site" / "reference" / "configuration.html").read_text(encoding="utf-8")
    assert "cross_fade_limit_nm_per_s" in page
    assert (tmp_path / "site" / "searchindex.js").is_file()


@pytest.mark.parametrize(
    ("link", "complaint"),
    [
        ("other.md#somewhere", ""),
        ("nowhere.md", "nowhere"),
        ("other.md#nowhere", "nowhere"),
        ("#nowhere", "nowhere"),
        ("../nothing.py", "nothing.py"),
    ],
)
def test_a_link_to_nowhere_fails_the_build(tmp_path, link, complaint):
    for folder in ("_ext", "_static"):
        shutil.copytree(DOCS / folder, tmp_path / "docs" / folder)
    shutil.copy(DOCS / "conf.py", tmp_path / "docs")
    (tmp_path / "docs" / "other.md").write_text("# Other\n\n## Somewhere\n")
    toctree = "```{toctree}\nother\n```"
    (tmp_path / "docs" / "index.md").write_text(f"# Pages\n\n{toctree}\n\n[a]({link})\n")
    result = build(tmp_path / "docs", tmp_path / "site")
    assert (result.returncode != 0) == bool(complaint), result.stderr
    assert complaint in result.stderr


def test_what_pages_link_to_outside_comes_with_the_wheel():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = told["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included["docs"] == "daemon/docs"
    for page in PAGES:
        for link in re.findall(r"\]\((\.\./[^)#]+)", page.read_text(encoding="utf-8")):
            target = (page.parent / link).resolve()
            assert target.is_file(), (page, link)
            place = target.relative_to(ROOT).as_posix()
            covers = [one for one in included if place.startswith(f"{one}/")]
            assert covers, f"{page} links to {place}, which no wheel has"
            assert all(included[one] == f"daemon/{one}" for one in covers)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "configs/models/README.md"])
def test_links_of_pages_outside_the_site_lead_somewhere(name):
    page = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert links
    assert not [link for link in links if not (page.parent / link).exists()]
