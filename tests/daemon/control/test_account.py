"""Who asks, as the daemon's log will tell it."""

import getpass

import pytest

from daemon.control.client import account
from daemon.ipc.requests import Command, Request


@pytest.mark.parametrize("name", ["ann", "a" * 300, "Zo\u00eb", "not\udcffutf"])
def test_whatever_the_account_is_called_a_request_can_tell(monkeypatch, name):
    monkeypatch.setattr(getpass, "getuser", lambda: name)
    request = Request(command=Command.STATUS, by=account())
    assert request.by
    assert request.pack()


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no name")])
def test_an_account_without_a_name_is_nobody(monkeypatch, error):
    def fail() -> str:
        raise error

    monkeypatch.setattr(getpass, "getuser", fail)
    assert account() is None
