"""The page's files: nothing inline, nothing from elsewhere, every file that is named is there."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from daemon.web.app import PAGE

MODULES = sorted((PAGE / "js").rglob("*.js"))
STYLES = sorted((PAGE / "css").glob("*.css"))
OURS = [PAGE / "index.html", PAGE / "icon.svg", *MODULES, *STYLES]
SVG_NAMESPACE = "http://www.w3.org/2000/svg"


class Elements(HTMLParser):
    """Collects all elements with their attributes, and the text in scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.inline = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.all and self.all[-1][0] in ("script", "style"):
            self.inline += data.strip()


@pytest.fixture
def page() -> Elements:
    elements = Elements()
    elements.feed((PAGE / "index.html").read_text("utf-8"))
    return elements


def _served(address: str) -> Path:
    return PAGE / address.removeprefix("/static/")


def test_nothing_on_the_page_is_inline(page: Elements) -> None:
    attributes = {name for _, given in page.all for name in given}
    assert not page.inline
    assert "style" not in attributes
    assert not [name for name in attributes if name.startswith("on")]
    assert "style" not in {tag for tag, _ in page.all}


def test_every_file_that_the_page_names_is_there(page: Elements) -> None:
    named = [given.get("src") or given.get("href") for _, given in page.all]
    files = [name for name in named if name and name.startswith("/")]
    assert len(files) > 5
    assert all(name.startswith("/static/") and _served(name).is_file() for name in files)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_every_module_imports_files_that_are_there(module: Path) -> None:
    for name in re.findall(r'^import [^"]*"([^"]+)";$', module.read_text("utf-8"), re.MULTILINE):
        assert name.startswith("."), f"{module.name} imports {name} from elsewhere"
        assert (module.parent / name).is_file(), f"{module.name} imports {name}"


@pytest.mark.parametrize("file", OURS, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(file: Path) -> None:
    text = file.read_text("utf-8").replace(SVG_NAMESPACE, "")
    assert not re.search(r"https?:(//)?\w", text)
    assert "@import" not in text


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_no_module_writes_markup_or_evaluates_text(module: Path) -> None:
    text = module.read_text("utf-8")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert forbidden not in text
    assert 'setAttribute("style"' not in text


def test_every_colour_that_is_used_is_in_both_themes() -> None:
    theme = (PAGE / "css" / "theme.css").read_text("utf-8")
    light, dark = (set(re.findall(r"(--[\w-]+):", part)) for part in re.split(r"data-theme", theme))
    used = set(re.findall(r"var\((--[\w-]+)", "".join(path.read_text("utf-8") for path in STYLES)))
    own = {"--tone", "--wash", "--font", "--mono", "--gap", "--radius"}
    assert used - own <= light
    assert used - own <= dark


def test_uplot_comes_with_its_licence_and_version() -> None:
    folder = PAGE / "vendor" / "uplot"
    assert "MIT License" in (folder / "LICENSE").read_text("utf-8")
    assert re.search(r"uPlot \d+\.\d+\.\d+", (folder / "README.md").read_text("utf-8"))
