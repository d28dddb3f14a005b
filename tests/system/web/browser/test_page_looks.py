"""The page is one that everybody can use, in the light and in the dark, and nothing is cut off."""

import os
import re
from importlib.resources import files
from pathlib import Path

import pytest
from page import opened

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

SCHEMES = ("light", "dark")
SIZES = {"wide": (1280, 800), "tablet": (820, 1180)}
MEANINGS = ("too few samples", "paused")
"""Of letters that not every run shows."""
GRAVE = {"serious", "critical"}
AXE = files("axe_playwright_python") / "axe.min.js"
"""Of the package only the script is used."""
RUN_AXE = "() => axe.run(document, { resultTypes: ['violations'] })"

CUT_OFF = """
() => [...document.querySelectorAll("main:not([hidden]) *, header *")].filter((node) => {
  const style = getComputedStyle(node);
  const text = [...node.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
  if (!text || style.overflowX === "auto" || node.closest(".visually-hidden, .skip")) return false;
  const hides = ["hidden", "clip"].includes(style.overflowX);
  return hides && node.scrollWidth > node.clientWidth + 1 && !node.closest("[title]");
}).map((node) => `${node.className} ${node.textContent.slice(0, 60)}`)
"""
ALL_DRAWN = """
() => [...document.querySelectorAll("#live .plot")].every((plot) => {
  const canvas = plot.querySelector("canvas");
  return canvas && canvas.width > 0;
})
"""
WIDER_THAN_THE_WINDOW = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Where pictures go: $HILLSTREAM_PICTURES, or a folder that pytest keeps for a while."""
    folder = Path(os.environ.get("HILLSTREAM_PICTURES") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module", params=[(s, n) for s in SCHEMES for n in SIZES], ids="-".join)
def look(request, browser, stand):
    """The operator's page in one size and scheme, once all panels have something to show."""
    scheme, name = request.param
    width, height = SIZES[name]
    window = {"viewport": {"width": width, "height": height}, "color_scheme": scheme}
    with opened(browser, stand.url, stand.token, **window) as page:
        page.wait_for_selector(".verdicts button")
        page.wait_for_selector('[data-field="identifiability"][data-value$="identified"]')
        page.wait_for_selector("#control [data-command=pause]:enabled")
        page.wait_for_function("() => document.querySelectorAll('#joints canvas').length === 8")
        page.wait_for_selector("[data-panel=latency] [data-field=p50]:not([data-value=''])")
        yield page, f"{scheme}-{name}"


def all_of_it(page, file: Path) -> None:
    """Take a picture of the whole page, with every plot drawn, as in a window that is as high."""
    window = page.viewport_size
    height = page.evaluate("() => document.documentElement.scrollHeight")
    page.set_viewport_size({"width": window["width"], "height": height})
    page.wait_for_function(ALL_DRAWN)
    page.screenshot(path=file)
    page.set_viewport_size(window)


def faults(page) -> list[str]:
    """Return what axe finds to be a serious or critical fault, with where it is."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(RUN_AXE)["violations"]
    return [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def test_the_live_page(look, pictures):
    page, name = look
    page.screenshot(path=pictures / f"live-{name}.png")
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(WIDER_THAN_THE_WINDOW) <= 0
    assert page.is_visible("#clock-latency")
    assert faults(page) == []
    all_of_it(page, pictures / f"live-{name}-whole.png")


def test_letters_and_short_names_are_explained(look):
    page, _ = look
    letters = {one.text_content() for one in page.query_selector_all(".verdicts button")}
    legend = page.text_content("#calibrator-force")
    assert letters - {"?"} <= set(re.findall(r"(?:^|, )(\S) ", legend))
    titles = {
        one.text_content().split()[0]: one.get_attribute("title")
        for one in page.query_selector_all("#joints .joint >> nth=0 >> .joint-facts > div")
    }
    assert "of the reference's own time" in titles["err"]
    page.click("#help-open")
    told = page.text_content("#help")
    page.keyboard.press("Escape")
    assert all(meaning in told for meaning in titles.values())
    assert all(meaning in told for meaning in MEANINGS)


DIALOGS = {
    "help": "#help-open",
    "rollback": "#control [data-command=rollback]",
    "guided": "#control [data-command=mvc]",
    "spectrum": "#emg .channel-name",
}


@pytest.mark.parametrize("dialog", DIALOGS)
def test_each_dialog(look, pictures, dialog):
    page, name = look
    page.click(f"{DIALOGS[dialog]} >> nth=0")
    page.wait_for_selector(f"#{dialog}[open]")
    if dialog == "spectrum":
        page.wait_for_selector("#spectrum canvas")
    if dialog == "rollback":
        page.wait_for_selector("#rollback .note:not(:empty)")
    page.screenshot(path=pictures / f"{dialog}-{name}.png")
    found = faults(page)
    page.keyboard.press("Escape")
    page.wait_for_selector(f"#{dialog}", state="hidden")
    assert found == []


def test_the_sessions(look, pictures):
    page, name = look
    page.click("#tab-sessions")
    page.wait_for_selector("#sessions table tbody tr")
    page.screenshot(path=pictures / f"sessions-{name}.png")
    found, wider = faults(page), page.evaluate(WIDER_THAN_THE_WINDOW)
    page.click("#tab-live")
    page.wait_for_selector("#live:not([hidden])")
    assert found == []
    assert wider <= 0
