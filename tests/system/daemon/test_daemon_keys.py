"""A running daemon that asks for keys: it hears itself, and each client has its own rights."""

import pytest

from daemon.control.client import ask
from daemon.ipc.requests import Command, Request
from pipeline.errors import UserError
from pipeline.output.subscriber import listen
from pipeline.transport.key_files import client_keys, new_keys

pytestmark = [pytest.mark.system, pytest.mark.timeout(400)]

PATIENCE_S = 150.0
MARK = Request(command=Command.MARK, text="here")


def test_listeners_and_operators_are_told_apart_by_their_keys(
    tmp_path, walking, lab, running, wait_until
):
    own = {name: new_keys(name, tmp_path / "keys") for name in ("daemon", "exo", "desk")}
    section = (
        '[security]\nserver_key = "keys/daemon.key"\n'
        'data_clients = ["keys/exo.pub"]\ncontrol_clients = ["keys/desk.pub"]\n\n[streams.emg]'
    )
    patient = f"[streams]\nstale_after_s = 2.0\n\n{section}"
    config = walking("zmq", **{r"\[streams.emg\]": patient})
    lab(config)
    daemon = running(config)
    wait_until(lambda: daemon.told(lambda status: status.status == "NOMINAL"), PATIENCE_S)
    exo, desk = (client_keys(own[name][0], str(own["daemon"][1])) for name in ("exo", "desk"))

    heard = []
    listen(config.output.zmq, heard.append, PATIENCE_S, stop=lambda: len(heard) > 9, keys=exo)
    assert len(heard) > 9
    assert daemon.moments == []  # it listens without a key
    assert ask(config.control.address, MARK, PATIENCE_S, desk).ok
    for keys in (None, exo):
        with pytest.raises(UserError, match="No daemon answered"):
            ask(config.control.address, MARK, 0.5, keys)
    summary = daemon.end()
    assert summary["seq_gaps"] == 0 or daemon.stood_still
