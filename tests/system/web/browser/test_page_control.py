"""Each control of the page does what it says, in the operator's name; nobody else can."""

import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from live_stand import OPERATOR
from page import opened
from playwright.sync_api import expect

from daemon.bench.latency.setup import free_port
from daemon.ipc.requests import Command
from pipeline.model.subject import load_subject
from pipeline.output.message import MomentMessage, StatusMessage

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

PATIENCE_S = 60.0
LATE = "may still do it"
"""What a calibrator says that a busy machine holds up; it then does what it was told."""


def parameters_beside_the_first(stand, wait_until) -> dict[str, dict[str, list[float]]]:
    """Return the parameters in force with those of version 0, as the daemon tells them."""
    told = []
    wait_until(lambda: (told.append(stand.ask(Command.COMPARE, version=0)), told[-1].ok)[1])
    return told[-1].data["parameters"]


def log_of(stand) -> list[dict]:
    """Return what the daemon itself tells of commands and marks, the newest last."""
    return stand.ask(Command.STATUS).data["log"]


@pytest.fixture
def outcome(desk, stand, wait_until) -> Callable[[str], str]:
    """Return the newest sentence of a command on the page, which has to be the daemon's own."""

    def look(command: str) -> str:
        line = f'.outcome[data-command^="{command}"]'
        desk.wait_for_selector(line)
        told = desk.text_content(f"{line} >> nth=0 >> span >> nth=1")
        word = command.split()[0]
        known = [one for one in log_of(stand) if one["command"].split()[0] == word]
        assert told in {one["sentence"] for one in known}, (told, known)
        assert {one["by"] for one in known} == {OPERATOR}
        return told

    return look


def in_session(stand, table: str) -> list[tuple]:
    """Return who did what, as the session that is being written has it."""
    columns = {"mark": "text, by", "command": "command, argument, by"}[table]
    with closing(sqlite3.connect(f"file:{stand.session}?mode=ro", uri=True)) as file:
        return file.execute(f"SELECT {columns} FROM {table} ORDER BY t").fetchall()


def test_the_token_leaves_the_address_and_is_kept_for_the_tab(desk, stand):
    assert stand.token not in desk.url
    assert stand.token not in desk.content()
    assert desk.text_content("#control-who") == f"as {OPERATOR}"
    desk.reload()
    desk.wait_for_selector("#control [data-command=pause]")
    assert desk.text_content("#control-who") == f"as {OPERATOR}"


def test_a_mark_is_written_and_shown(desk, stand, outcome, wait_until):
    desk.keyboard.press("m")
    desk.keyboard.type("treadmill to 1.4 m/s: größer")
    desk.keyboard.press("Enter")
    # A mark may come before the first status, which tells the page when the session began.
    told = desk.locator('.outcome[data-command="mark"] >> nth=0 >> span >> nth=1')
    on_the_session = re.compile(r"Marked at (\d+:\d\d): treadmill to 1\.4 m/s: größer")
    expect(told).to_have_text(on_the_session, timeout=1e3 * PATIENCE_S)
    when = on_the_session.fullmatch(told.text_content()).group(1)
    # By its text: an earlier test has marks of its own on the same daemon.
    row = desk.locator('#log tr[data-command=mark]:has-text("größer") >> td >> nth=0')
    expect(row).to_have_text(when, timeout=1e3 * PATIENCE_S)
    assert "treadmill to 1.4 m/s: größer" in desk.text_content("#log")
    assert desk.input_value("#mark-text") == ""
    written = ("treadmill to 1.4 m/s: größer", OPERATOR)
    wait_until(lambda: written in in_session(stand, "mark"), PATIENCE_S)


def test_a_double_click_sends_a_command_once(desk, stand):
    sent = []
    desk.on("request", lambda one: sent.append(one) if one.url.endswith("/command") else None)
    desk.fill("#mark-text", "twice")
    desk.dblclick("#control [data-command=mark]")
    desk.wait_for_selector("#log tr[data-command=mark] >> text=twice")
    desk.wait_for_selector("#control [data-command=mark]:enabled")
    assert len(sent) == 1
    assert len([one for one in log_of(stand) if "twice" in (one["argument"] or "")]) == 1


def test_calibration_is_paused_and_resumed(desk, stand, outcome, wait_until):
    # The page may still show what was so before, of an earlier test.
    desk.click("#control [data-command=pause]:enabled:has-text('Pause')")
    outcome("pause")
    wait_until(lambda: stand.ask(Command.STATUS).data["paused"], PATIENCE_S)
    desk.click("#control [data-command=pause]:enabled:has-text('Resume')")
    outcome("resume")
    wait_until(lambda: not stand.ask(Command.STATUS).data["paused"], PATIENCE_S)
    told = {("pause", OPERATOR), ("resume", OPERATOR)}
    wait_until(
        lambda: told <= {(row[0], row[2]) for row in in_session(stand, "command")}, PATIENCE_S
    )


def test_a_rollback_shows_first_what_it_would_change(desk, stand, outcome, wait_until):
    wait_until(lambda: stand.ear.newest(MomentMessage).parameter_version > 0, 2 * PATIENCE_S)
    wait_until(lambda: stand.ask(Command.PAUSE, by=OPERATOR).ok, PATIENCE_S)
    desk.click("#control [data-command=rollback]:enabled")
    desk.wait_for_selector("#rollback form button:enabled")  # the comparison that it begins with
    desk.fill("#rollback input", "0")
    assert desk.is_disabled("#rollback button.danger"), "not before it was shown"
    desk.click("#rollback form button")
    desk.wait_for_selector("#rollback button.danger:enabled >> text=version 0")
    compared = parameters_beside_the_first(stand, wait_until)
    moved = {
        (name, muscle): values
        for name, muscles in compared.items()
        for muscle, values in muscles.items()
        if values[0] != values[1]
    }
    rows = desk.eval_on_selector_all(
        "#rollback tbody tr", "all => all.map(o => [o.dataset.parameter, o.dataset.muscle])"
    )
    assert {tuple(row) for row in rows} == set(moved)
    desk.click("#rollback button.danger")
    said = outcome("rollback")
    assert "has the parameters of version 0" in said or LATE in said

    def is_the_first() -> bool:
        now = parameters_beside_the_first(stand, wait_until)
        return all(a == b for muscles in now.values() for a, b in muscles.values())

    wait_until(is_the_first, PATIENCE_S)
    wait_until(lambda: stand.ask(Command.RESUME, by=OPERATOR).ok, PATIENCE_S)
    wait_until(
        lambda: (
            ("rollback", OPERATOR) in {(row[0], row[2]) for row in in_session(stand, "command")}
        ),
        PATIENCE_S,
    )


def test_what_is_saved_is_a_subject_that_loads(desk, stand, outcome, tmp_path, wait_until):
    files = []
    desk.on("download", lambda one: files.append(one))
    outcomes = desk.locator(".outcome[data-command=save]")
    for attempt in range(1, 10):
        desk.click("#control [data-command=save]")
        desk.wait_for_function(f"() => document.querySelectorAll('.outcome').length === {attempt}")
        if LATE not in outcomes.first.text_content():
            break
    outcome("save")
    wait_until(lambda: desk.evaluate("1") and len(files) == 2, PATIENCE_S)
    for one in files:
        one.save_as(tmp_path / one.suggested_filename)
    (subject,) = tmp_path.glob("subject-v*.json")
    assert len(load_subject(subject).strength) == len(json.loads(subject.read_text())["muscles"])
    (lines,) = tmp_path.glob("subject-v*.levels.toml")
    assert f'subject = "{subject.name}"' in lines.read_text()


CALLS = """
() => {
  window.calls = [];
  const look = () => {
    const call = document.querySelector("#guided .call");
    if (!call?.querySelector(".left")) return;
    window.calls.push([call.dataset.kind, call.querySelector(".what").textContent]);
  };
  const every = { childList: true, subtree: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document.getElementById("guided"), every);
}
"""
"""Writes down every step that a guide shows, however short; a busy test would look too late."""


def test_the_resting_level_is_recorded_with_guidance(desk, stand, outcome):
    desk.click("#control [data-command=baseline]")
    desk.fill("#guided label:has-text('Rest, s') input", "3")
    desk.evaluate(CALLS)
    desk.click("#guided button.primary")
    desk.wait_for_selector(".outcome[data-command='baseline stop']")
    outcome("baseline start")
    assert "rest" in {kind for kind, _ in desk.evaluate("() => window.calls")}
    assert outcome("baseline stop")
    shown = desk.text_content("#guided .call .what")
    assert shown in {"Recorded", "Not changed"}
    desk.keyboard.press("Escape")
    desk.wait_for_selector("#guided", state="hidden")


def test_an_mvc_is_recorded_channel_by_channel(desk, stand, outcome, wait_until):
    """The first channel alone; the person moves on, so whether it is taken is the daemon's say."""
    desk.click("#control [data-command=mvc]")
    boxes = desk.locator("#guided .choices input")
    for place in range(1, boxes.count()):
        boxes.nth(place).uncheck()
    fields = {
        "Contractions of each": "1",
        "Contraction, s": "4",
        "Pause before": "0",
        "Rest, s": "1",
    }
    for label, value in fields.items():
        desk.fill(f"#guided label:has-text('{label}') input", value)
    desk.evaluate(CALLS)
    since = stand.ear.newest(StatusMessage).t
    desk.click("#guided button.primary")
    desk.wait_for_selector("#guided .effort")
    assert desk.locator("#guided .effort").count() == 1
    desk.wait_for_selector(".outcome[data-command='mvc stop']")
    efforts = [what for kind, what in desk.evaluate("() => window.calls") if kind == "effort"]
    assert efforts
    assert all("DELT1 (1 of 1)" in what for what in efforts)
    told = lambda: [one for one in stand.ear.of(StatusMessage) if one.t > since]  # noqa: E731
    wait_until(lambda: any("MVC" in one.note for one in told()), PATIENCE_S)
    outcome("mvc start")
    said = outcome("mvc stop")
    desk.wait_for_selector("#guided .call .what >> text=/Recorded|Not changed/")
    assert said in desk.text_content("#guided")
    desk.keyboard.press("Escape")
    desk.wait_for_selector("#guided", state="hidden")
    ended = lambda: stand.ask(Command.STATUS).data["recording"] in {None, ""}  # noqa: E731
    wait_until(ended, PATIENCE_S)  # one that is held up stops a little after it was told to


def test_an_unlikely_mvc_is_asked_about_in_the_words_of_the_page(desk):
    """The answer of the daemon is a given one."""
    text = "The MVC of DELT1 1 -> 0.3 (30%) has fallen to less than half, so nothing was changed."
    asked = []

    def answer(route) -> None:
        asked.append(route.request.post_data_json)
        is_refused = asked[-1]["command"] == "mvc stop" and not asked[-1].get("confirmed")
        said = ({"fallen": ["DELT1"]}, text) if is_refused else ({}, "Done.")
        route.fulfill(json={"ok": not is_refused, "data": said[0], "sentence": said[1]})

    desk.route("**/command", answer)
    desk.click("#control [data-command=mvc]")
    boxes = desk.locator("#guided .choices input")
    for place in range(1, boxes.count()):
        boxes.nth(place).uncheck()
    fields = {"Contractions": "1", "Contraction, s": "1", "Pause before": "0", "Rest, s": "1"}
    for label, value in fields.items():
        desk.fill(f"#guided label:has-text('{label}') input >> nth=0", value)
    desk.click("#guided button.primary")
    desk.wait_for_selector("#guided .question button.danger:enabled")
    told = desk.text_content("#guided")
    assert "has fallen to less than half, so nothing was changed." in told
    assert "hillstream ctl" not in told
    whole = desk.locator("#guided .efforts").bounding_box()["width"]
    assert desk.locator("#guided [role=alert]").bounding_box()["width"] > 0.95 * whole
    desk.click("#guided .question button.danger")
    desk.wait_for_selector("#guided .call .what >> text=Recorded")
    assert asked[-1]["confirmed"] is True


def test_who_may_only_read_has_no_button(page, stand):
    assert page.locator("#control [data-command]").count() == 0
    page.fill("#control input", "not-a-token-of-anybody")
    page.click("#control button.primary")
    page.wait_for_selector("#control [role=alert] >> text=not known here")
    assert page.locator("#control [data-command]").count() == 0


def test_a_token_that_is_pasted_gives_the_buttons(browser, stand):
    with opened(browser, stand.url) as page:
        page.fill("#control input", stand.token)
        page.click("#control button.primary")
        page.wait_for_selector("#control [data-command=pause]")
        assert page.text_content("#control-who") == f"as {OPERATOR}"
        page.click("#control >> text=Forget token")
        page.wait_for_selector("#control input[type=password]")


def test_who_may_not_even_read_is_asked_for_a_token(browser, stand):
    """Behind a proxy nobody is local."""
    port = free_port()
    own = f"http://127.0.0.1:{port}"
    url = stand.show("--behind-proxy", "--origin", own, listen=f"127.0.0.1:{port}")
    page = browser.new_page()
    page.goto(url)
    page.wait_for_selector('#banner[data-status="REFUSED"]')
    assert "hillstream keys web" in page.text_content("#banner-sentence")
    assert page.locator("#joints [data-dof]").count() == 0
    page.fill("#control input", stand.token)
    page.click("#control button.primary")
    page.wait_for_selector("#control [data-command=pause]")
    page.wait_for_selector("#joints [data-dof]")
    page.context.close()


def refused(answer: httpx.Response, status: int, words: str) -> bool:
    return answer.status_code == status and words in answer.json()["sentence"]


def test_wrong_tokens_foreign_pages_and_replays_are_refused(stand):
    heard = len(log_of(stand))
    own = {"Authorization": f"Bearer {stand.token}", "Origin": stand.url.rstrip("/")}
    with httpx.Client(base_url=stand.url, timeout=PATIENCE_S) as http:
        wrong = own | {"Authorization": f"Bearer {stand.token[:-1]}"}
        assert refused(http.post("/ticket", headers=wrong), 401, "not known")
        assert refused(http.post("/ticket"), 401, "no token")
        foreign = own | {"Origin": "https://evil.example"}
        assert refused(http.post("/ticket", headers=foreign), 403, "evil.example")
        rebound = own | {"Host": "evil.example"}
        assert refused(http.post("/ticket", headers=rebound), 403, "evil.example")
        assert len(log_of(stand)) == heard, "nothing of this reached the daemon"

        ticket = http.post("/ticket", headers=own).json()["ticket"]
        mark = {"ticket": ticket, "command": "mark", "text": "once"}
        assert http.post("/command", headers=own, json=mark).json()["ok"]
        assert refused(http.post("/command", headers=own, json=mark), 409, "ticket")
    assert len(log_of(stand)) == heard + 1
