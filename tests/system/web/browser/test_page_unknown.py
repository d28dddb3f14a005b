"""What has not been heard is not spoken of: before a daemon, while it starts, and after its end."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
from page import PATIENCE_MS, Witness
from playwright.sync_api import Page

from pipeline.output.message import MetaMessage, Status, StatusMessage
from pipeline.output.publisher import Publisher
from pipeline.output.zmq import ZmqPublisher

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

EMPTY = {
    "calibrator": "#calibrator .why",
    "parameters": "#parameters .empty",
    "muscles": "#muscles .empty",
    "latency": "#latency .why",
}
"""Where a panel says why it is empty."""
FALSE = ("not published", "not tried", "Nothing has been marked", "has been published yet")
LABELS = """
() => [...document.querySelectorAll("#joints .plot")].flatMap(({ drawing: { u } }) => {
  const [axis] = u.axes;
  u.ctx.font = axis.font[0];
  return axis._values.filter(Boolean).map((text, place) => ({
    text,
    end: u.valToPos(axis._splits[place], "x", true) + u.ctx.measureText(text).width / 2,
    width: u.ctx.canvas.width,
  }));
})
"""
OPEN = 'html[data-connection="open"]'


class Run:
    """A daemon's messages, sent when they are asked for.

    Parameters
    ----------
    address
        Where they are published.
    """

    def __init__(self, address: str) -> None:
        self.meta = MetaMessage(
            session="one", dofs=("knee",), rate_hz=100.0, title="A test", muscles=("soleus",),
            channels=("SOL",), valid_for_s=0.1,
        )  # fmt: skip
        self.began = time.monotonic()
        self.zmq = ZmqPublisher(address, self.meta)
        self._publisher = Publisher(self.meta, [self.zmq])

    def send(self, status: Status, moment: float) -> None:
        t = time.monotonic()
        self._publisher.publish_moment(np.array([moment]), np.ones(1, bool), status, t)
        said = StatusMessage(session="one", t=t, status=status, uptime_s=t - self.began)
        self._publisher.publish_status(said)
        self._publisher.tend()


@pytest.fixture
def run(ipc_address) -> Iterator[Run]:
    run = Run(ipc_address)
    yield run
    run.zmq.close()


@pytest.fixture
def page(browser, cockpit) -> Iterator[Page]:
    """A cockpit's page before any daemon."""
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        witness = Witness(page)
        page.goto(cockpit.url)
        page.wait_for_selector(OPEN, state="attached")
        yield page
        assert witness.all() == []


def says(page: Page, sentence: str, *panels: str) -> None:
    """Wait until these panels, which are empty, say this; see that none says what is not so."""
    for place in map(EMPTY.__getitem__, panels):
        page.wait_for_selector(f"{place} >> text={sentence}")
    told = page.text_content("#live")
    assert not [words for words in FALSE if words in told]


def sent_until(run: Run, page: Page, status: Status, moment: float, what: str) -> None:
    """Send this again and again until the page shows something."""
    for _ in range(600):
        run.send(status, moment)
        page.wait_for_timeout(50)
        if page.query_selector(what):
            return
    raise AssertionError(f"{what} is not shown")


def test_before_and_after_a_daemon_nothing_is_said_of_it(page, run):
    says(page, "No daemon has been heard yet.", *EMPTY)
    sent_until(run, page, Status.STARTING, 0.0, "#banner[data-status=STARTING]")
    page.wait_for_selector("#joints [data-field=moment][data-value='']")
    assert "not published" not in page.text_content("#muscles")
    known = "#joints [data-field=moment][data-value='12.5']"
    sent_until(run, page, Status.NOMINAL, 12.5, known)
    run.send(Status.STOPPED, 0.0)
    page.wait_for_selector('html[data-link="lost"]', state="attached")
    ended = "The daemon has ended."
    says(page, ended, *(EMPTY.keys() - {"latency"}))
    why = page.text_content(EMPTY["latency"])
    assert why == "" or ended in why  # it may go on showing its last minute
    assert page.get_attribute("#joints [data-field=moment]", "data-value") == ""
    assert page.text_content("#joints [data-field=moment]") == "–"


def test_a_young_session_is_drawn_from_its_beginning_and_no_label_is_cut(page, run):
    young = "".join(f":not([data-value='{value}'])" for value in ("", "0", "1"))
    sent_until(run, page, Status.NOMINAL, 12.5, f"#clock[data-value]{young}")
    page.wait_for_selector("#joints canvas")
    page.wait_for_function(f"() => ({LABELS})().length > 0")
    labels = page.evaluate(LABELS)
    assert labels[0]["text"] == "0:00"
    assert not [one for one in labels if one["text"].startswith("−")]
    assert not [one for one in labels if one["end"] > one["width"]], labels
    page.click("#freeze")
    page.wait_for_selector("#freeze >> text=Back to live")
    assert page.evaluate(LABELS)[0]["text"] == "0:00"


def test_one_joint_takes_the_room_of_its_panel(page, run):
    sent_until(run, page, Status.NOMINAL, 12.5, "#joints canvas")
    panel = page.locator("#joints").bounding_box()
    plot = page.locator("#joints .plot >> nth=0").bounding_box()
    assert plot["width"] > 0.95 * panel["width"]
    assert plot["height"] > 250
