"""Every command of a running daemon over real HTTP, and its own answer."""

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from web_server import served

from daemon.ipc.requests import READS, Command
from daemon.web import commanding
from daemon.web.access import Access
from daemon.web.access.listening import Listening
from daemon.web.access.token_file import TokenFile
from daemon.web.access.tokens import Right, add_token

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PATIENCE_S = 150.0
# A busy machine may stall the test's own sender; only the daemon's part is judged here.
PATIENT = {r"\[streams.emg\]": "[streams]\nstale_after_s = 2.0\n\n[streams.emg]"}


class Page:
    """What the operator's page does; time passes between commands, so that no limit is reached."""

    def __init__(self, stack: ExitStack, control: str, folder: Path) -> None:
        self._now = 0.0
        token = add_token(folder / "tokens.toml", "desk", Right.COMMAND, date.today())
        tokens = TokenFile(folder / "tokens.toml")
        access = Access(Listening("127.0.0.1"), tokens, lambda: self._now)
        routes = commanding.control_routes(commanding.DaemonControl(control), access)
        self.http = stack.enter_context(
            httpx.Client(
                base_url=stack.enter_context(served(Starlette(routes=routes))),
                headers={"Authorization": f"Bearer {token}"},
                timeout=2 * PATIENCE_S,
            )
        )
        self.given: list[Command] = []

    def __call__(self, command: str, **more: object) -> dict:
        self._now += 10.0
        self.given.append(Command(command))
        ticket = self.http.post("/ticket").json()["ticket"]
        answer = self.http.post("/command", json={"ticket": ticket, "command": command, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def started(walking, lab, running, wait_until, monkeypatch, tmp_path):
    """A daemon at work, and the page of its operator."""
    monkeypatch.setattr(commanding, "PATIENCE_S", 2 * PATIENCE_S)
    config = walking("zmq", **PATIENT)
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.status() == "NOMINAL", PATIENCE_S)
    with ExitStack() as stack:
        yield daemon, Page(stack, config.control.address, tmp_path)


def done(answer: dict, words: str) -> dict:
    assert answer["ok"], answer
    assert words in answer["sentence"]
    return answer["data"]


def test_each_command_has_its_own_answer(started, wait_until: Callable[..., None]):
    daemon, page = started
    wait_until(lambda: daemon.moments[-1].parameter_version > 0, PATIENCE_S)
    done(page("pause"), "")
    wait_until(lambda: daemon.calibrated(lambda report: report.result == "paused"), PATIENCE_S)
    told = done(page("status"), ":")
    assert told["paused"]
    compared = done(page("compare", version=0), "")
    assert compared["version"] == 0
    assert compared["newest"] == told["version"]
    assert "strength" in compared["parameters"]
    done(page("rollback", version=0), f"Version {told['version'] + 1} has the parameters")
    assert "unknown" in page("rollback", version=9999)["sentence"]
    assert done(page("save"), "was handed over")["subject"]["muscles"]
    done(page("resume"), "")
    done(page("mark", text="the person sits down"), "the person sits down")

    done(page("mvc start", channels=["soleus_r"]), "MVC")
    begun = daemon.moments[-1].t
    wait_until(lambda: daemon.moments[-1].t > begun + 1.5, PATIENCE_S)
    assert done(page("mvc stop", confirmed=True), "soleus_r")["changed"] == ["soleus_r"]
    assert "not being recorded" in page("mvc stop")["sentence"]
    done(page("baseline start"), "resting level")
    begun = daemon.moments[-1].t
    wait_until(lambda: daemon.moments[-1].t > begun + 1.0, PATIENCE_S)
    page("baseline stop")

    # The walking set-up is given envelopes, which have no spectrum.
    refused = page("samples", channels=["soleus_r"])
    spectrum = page.http.get("/spectrum/soleus_r")
    assert not refused["ok"]
    assert spectrum.status_code == 409
    assert spectrum.json() == {"sentence": refused["sentence"]}

    assert set(page.given) == set(Command), "no command is forgotten here"
    entries = page("status")["data"]["log"]
    mark = next(entry for entry in entries if entry["command"] == "mark")
    assert (mark["argument"], mark["by"]) == ("the person sits down", "desk")
    with closing(sqlite3.connect(daemon.end()["session"])) as session:
        told = session.execute("SELECT command, by FROM command").fetchall()
        told += [("mark", by) for (by,) in session.execute("SELECT by FROM mark")]
    assert {by for _, by in told} == {"desk"}
    assert {command for command, _ in told} == set(Command) - READS
