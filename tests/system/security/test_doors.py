"""Real clients at both ports: a listed key passes, any other stays outside and is told of."""

import logging
from collections.abc import Callable

import pytest
import zmq
from click.testing import CliRunner

from daemon.cli import main
from daemon.control.client import ask
from daemon.ipc.requests import Command, Reply, Request
from pipeline.errors import UserError
from pipeline.output.subscriber import listen
from pipeline.output.zmq import ZmqPublisher
from pipeline.transport.curve import ClientKeys, KeyPair
from tools.clients.exo_client import MomentClient, read_key

pytestmark = pytest.mark.system

MARK = Request(command=Command.MARK, text="here")
PATIENCE_S = 20.0
Keys = Callable[[object], ClientKeys | None]
NO_KEY = {
    "nobody": lambda house: None,
    "wrong server": lambda house: ClientKeys(house.exo, house.other.public),
}
NOT_LISTED = {
    "unlisted": lambda house: house.known_as(house.other),
    "the other port's": None,  # the operator at the data port, the controller at the control port
}


def test_a_listed_key_hears_and_commands(house):
    assert house.client(zmq.SUB, house.publisher.address, house.known_as(house.exo)).poll(20_000)
    reply = ask(house.control.address, MARK, PATIENCE_S, house.known_as(house.desk))
    assert reply == Reply(ok=True, sentence="mark")
    assert house.publisher.counts == {"refused_listeners": 0}
    assert house.control.kept_out == 0


@pytest.mark.parametrize("who", [*NO_KEY, *NOT_LISTED])
def test_who_is_not_listed_for_the_data_hears_nothing(house, wait_until, caplog, who):
    find = (NO_KEY | NOT_LISTED)[who] or (lambda house: house.known_as(house.desk))
    keys = find(house)
    with caplog.at_level(logging.WARNING):
        ear = house.client(zmq.SUB, house.publisher.address, keys)
        wait_until(lambda: house.publisher.counts["refused_listeners"])
    assert not ear.poll(200)
    assert_told(caplog.text, "data", who, keys)


@pytest.mark.parametrize("who", [*NO_KEY, *NOT_LISTED])
def test_who_is_not_listed_for_commands_gets_no_answer(house, wait_until, caplog, who):
    find = (NO_KEY | NOT_LISTED)[who] or (lambda house: house.known_as(house.exo))
    keys = find(house)
    with caplog.at_level(logging.WARNING):
        client = house.client(zmq.REQ, house.control.address, keys)
        client.send(MARK.pack())
        wait_until(lambda: house.control.kept_out)
    assert not client.poll(200)
    assert house.taken == []
    assert_told(caplog.text, "control", who, keys)


def assert_told(log: str, port: str, who: str, keys: ClientKeys | None) -> None:
    assert f"A client of the {port} port was refused" in log
    if who in NO_KEY:
        assert "it has no key, or" in log
    else:
        assert "its key is not listed" in log
        assert keys is not None
        assert f"The key {keys.own.public.decode()} is not listed for the {port} port" in log


def test_listed_clients_are_served_while_others_knock(house):
    for keys in (None, house.known_as(house.other)) * 5:
        house.client(zmq.SUB, house.publisher.address, keys)
        house.client(zmq.DEALER, house.control.address, keys)
    assert ask(house.control.address, MARK, PATIENCE_S, house.known_as(house.desk)).ok
    assert house.client(zmq.SUB, house.publisher.address, house.known_as(house.exo)).poll(20_000)


def test_listen_and_ctl_take_keys(house, write_pair):
    server = str(write_pair("daemon", house.own).with_suffix(".pub"))
    address, keys = house.publisher.address, house.known_as(house.exo)
    heard: list[object] = []
    listen(address, heard.append, PATIENCE_S, stop=lambda: bool(heard), keys=keys)
    assert heard == [house.meta]

    exo, desk = write_pair("exo", house.exo), write_pair("desk", house.desk)
    command = ["ctl", "mark", "here", "--address", house.control.address]
    command += ["--patience", str(PATIENCE_S), "--server-key", server, "--key"]
    told = CliRunner().invoke(main, [*command, str(desk)])
    assert (told.exit_code, told.output) == (0, "mark\n")

    command = ["listen", address, "--seconds", "3", "--server-key", server]
    assert CliRunner().invoke(main, [*command, "--key", str(exo)]).exit_code == 0
    alone = CliRunner().invoke(main, command)
    assert alone.exit_code == 2
    assert "go together" in alone.output


def test_the_exo_client_takes_keys(house, write_pair, wait_until):
    server = str(write_pair("daemon", house.own).with_suffix(".pub"))
    key = read_key(str(write_pair("exo", house.exo)))
    client = MomentClient(house.publisher.address, key=key, server_key=read_key(server))
    wait_until(lambda: client.read(0.0) or client.names == ["knee"])
    client.close()


def test_no_answer_mentions_the_keys(house):
    with pytest.raises(UserError, match="no keys"):
        ask(house.control.address, MARK, 0.05)
    with pytest.raises(UserError, match="this key among its control_clients"):
        ask(house.control.address, MARK, 0.05, house.known_as(house.other))


def test_a_long_subscription_is_not_taken(house):
    """Topics are kept by the publisher: a client must not fill its memory with them."""
    greedy = house.client(zmq.SUB, house.publisher.address, house.known_as(house.exo))
    assert greedy.poll(20_000)
    greedy.setsockopt(zmq.SUBSCRIBE, bytes(10_000))
    assert house.client(zmq.SUB, house.publisher.address, house.known_as(house.exo)).poll(20_000)


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:*", "tcp://*:*", "tcp://127.0.0.2:*"])
def test_a_port_is_open_to_others_only_with_keys_or_on_purpose(house, address):
    with pytest.raises(UserError, match="on this machine only"):
        ZmqPublisher(address, house.meta)
    ZmqPublisher(address, house.meta, house.lets_in(KeyPair.new())).close()
    ZmqPublisher(address, house.meta, insecure=True).close()
