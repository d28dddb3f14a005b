"""The link to a calibrator elsewhere, on real sockets but in this process."""

import pytest
from calibration_office import relay

from daemon.assembly.calibrator import build_calibrator
from daemon.calibration import link
from daemon.calibration.asking import clients_of
from daemon.ipc.orders import Answer, ForgetOrder, Hello, PauseOrder, RestoreOrder
from daemon.processes.calibrator import CalibratorWorker
from pipeline.errors import UserError
from pipeline.transport.curve import KeyPair, ServerKeys
from pipeline.transport.key_files import new_keys, read_pair

pytestmark = pytest.mark.system

FLOWING = "calibrator link"


def here(config, addresses, start) -> CalibratorWorker:
    return CalibratorWorker(build_calibrator(config, start), addresses)


def until(office, wait_until, condition) -> None:
    def turned() -> bool:
        office.turn()
        return bool(condition())

    wait_until(turned, 60.0)


def ready(office, wait_until) -> None:
    """Let rows flow until they arrive, as a subscriber may be late; forget what came of them."""

    def fed() -> bool:
        if not office.heard:
            office.send()
        return bool(office.heard)

    until(office, wait_until, fed)


def test_updates_through_the_link_are_those_of_a_calibrator_here_to_the_last_bit(
    at, office, serving, ipc_address, wait_until
):
    """The same strides are sent to both, one after the other, each once the last is answered."""
    server = serving(at(), f"{ipc_address}-port")
    results = []
    for name, where, make in (("here", "here", here), ("there", server.address, relay)):
        one = office(at(where), f"{ipc_address}-{name}", make)
        until(one, wait_until, lambda one=one: any(isinstance(s, Hello) for s in one.said))
        one.line.send(PauseOrder(number=1, paused=True))
        ready(one, wait_until)  # until the connections stand, nothing is learnt
        before = one.t = 1000.0  # beyond all that was sent to join
        one.line.send(PauseOrder(number=2, paused=False))
        one.line.send(ForgetOrder(before=before))
        until(one, wait_until, lambda one=one: _answered(one, 2))

        def learnt(one=one, before=before):
            return [u for u in one.heard if u.t >= before]

        for wanted in range(1, 13):
            one.send()
            until(one, wait_until, lambda learnt=learnt, wanted=wanted: len(learnt()) == wanted)
        results.append([u.model_dump(exclude={"seconds"}) for u in learnt()])
    direct, linked = results
    assert direct == linked
    assert direct[-1]["version"] > 0
    assert any(update["confidence"] for update in direct)


def _answered(office, number: int) -> bool:
    return any(isinstance(said, Answer) and said.number == number for said in office.said)


def test_orders_work_through_the_link(at, office, serving, ipc_address, wait_until):
    server = serving(at(), f"{ipc_address}-port")
    one = office(at(server.address), ipc_address, relay)
    ready(one, wait_until)
    one.line.send(PauseOrder(number=1, paused=True))
    until(one, wait_until, lambda: _answered(one, 1))
    one.send()
    until(one, wait_until, lambda: one.heard[-1].result == "paused")
    one.line.send(RestoreOrder.of(0, one.start).model_copy(update={"number": 2}))
    back = lambda: [said for said in one.heard if said.result == "rolled_back"]  # noqa: E731
    until(one, wait_until, lambda: _answered(one, 2) and bool(back()))
    assert back()[-1].restored == 0
    assert back()[-1].values["strength"] == one.start.strength.tolist()
    one.line.send(PauseOrder(number=3, paused=False))
    until(one, wait_until, lambda: _answered(one, 3))
    one.line.send(ForgetOrder(before=one.t + 0.5))
    one.send(150)
    until(one, wait_until, lambda: one.heard[-1].result not in ("paused", "rolled_back"))
    assert one.concerns(FLOWING) == []


def test_a_calibrator_that_begins_anew_gets_the_window_again(
    at, office, serving, ipc_address, wait_until
):
    """A window lost with the calibrator's machine is learnt from at once when it is back.

    1. Rows of a window have come, and sets were put in force; calibration is paused.
    2. The machine goes: that is told, and not the end of anything. Rows go on.
    3. It comes back: its first update stands on the whole window and on the newest set, and it
       knows of the pause.
    """
    address = f"{ipc_address}-port"
    server = serving(at(), address)
    one = office(at(server.address), ipc_address, relay)
    ready(one, wait_until)
    while max(update.version for update in one.heard) == 0:
        heard = len(one.heard)
        one.send()
        until(one, wait_until, lambda heard=heard: len(one.heard) > heard)
    one.line.send(PauseOrder(number=1, paused=True))
    until(one, wait_until, lambda: _answered(one, 1))
    server.close()
    until(one, wait_until, lambda: one.concerns(FLOWING))
    version = max(update.version for update in one.heard)
    assert "does not answer" in one.concerns(FLOWING)[-1]
    assert one.concerns(FLOWING)[-1].endswith(f"parameter set {version}.")
    for _ in range(3):
        one.send()
        one.turn()

    heard = len(one.heard)
    again = serving(at(), address)
    until(one, wait_until, lambda: len(one.heard) > heard)
    first = one.heard[heard]
    assert (first.result, first.version) == ("paused", version)
    assert first.t == pytest.approx(one.t - 0.01)
    until(one, wait_until, lambda: one.concerns(FLOWING)[-1] == "")
    one.line.send(PauseOrder(number=2, paused=False))
    one.send()
    until(one, wait_until, lambda: one.heard[-1].loss is not None)
    assert one.heard[-1].version >= version
    (client,) = again.server.report().clients
    assert client.name.startswith("Two joints on ")


def test_a_rollback_needs_no_calibrator_and_is_where_it_goes_on(
    at, office, serving, ipc_address, wait_until
):
    address = f"{ipc_address}-port"
    one = office(at(address), ipc_address, relay)
    until(one, wait_until, lambda: one.concerns(FLOWING))
    one.line.send(PauseOrder(number=3, paused=True))
    one.line.send(RestoreOrder.of(0, one.start).model_copy(update={"number": 4}))
    until(one, wait_until, lambda: _answered(one, 4) and one.heard)
    assert (one.heard[-1].version, one.heard[-1].restored) == (1, 0)
    serving(at(), address)
    heard = len(one.heard)

    def fed() -> bool:
        one.send(10)
        return len(one.heard) > heard

    until(one, wait_until, fed)
    assert (one.heard[-1].result, one.heard[-1].version) == ("paused", 1)


def test_another_set_up_is_refused_with_what_differs(at, office, serving, ipc_address, wait_until):
    server = serving(at(steps=5), f"{ipc_address}-port")
    one = office(at(server.address), ipc_address, relay)
    until(one, wait_until, lambda: one.concerns(FLOWING))
    said = one.concerns(FLOWING)[-1]
    assert "refuses this daemon: [calibrator] differs; give both machines the same set-up" in said
    assert server.server.report().clients == []


def test_another_version_is_refused(at, office, serving, ipc_address, wait_until, monkeypatch):
    server = serving(at(), f"{ipc_address}-port")
    monkeypatch.setattr(link, "installed_version", lambda: "0.0.1")
    one = office(at(server.address), ipc_address, relay)
    until(one, wait_until, lambda: one.concerns(FLOWING))
    assert "it is hillstream 0.0.1" in one.concerns(FLOWING)[-1]
    assert "install the same on both machines" in one.concerns(FLOWING)[-1]


def test_a_wrong_key_gets_nobody_in_and_is_told_as_such(
    at, office, serving, wait_until, tmp_path, make_config, ipc_address
):
    (secret, public), stranger = new_keys("gpu", tmp_path), new_keys("board", tmp_path)[0]
    listed = KeyPair.new()
    keys = ServerKeys(read_pair(secret), frozenset({listed.public}))
    server = serving(at(), "tcp://127.0.0.1:*", keys)
    section = {**at(server.address).calibrator.model_dump(exclude_unset=True)}
    config = make_config(
        calibrator={**section, "server_key": str(public)}, security={"server_key": stranger}
    )
    one = office(config, ipc_address, relay)
    until(one, wait_until, lambda: one.concerns(FLOWING))
    until(one, wait_until, lambda: "its key is not listed there" in one.concerns(FLOWING)[-1])
    assert server.server.report().refused > 0
    with pytest.raises(UserError, match="No calibrator answered"):
        clients_of(server.address, None, 0.3)


def test_no_more_daemons_than_wanted_are_served(at, office, serving, ipc_address, wait_until):
    server = serving(at(), f"{ipc_address}-port", most=1)
    first = office(at(server.address), f"{ipc_address}-1", relay)
    ready(first, wait_until)
    second = office(at(server.address), f"{ipc_address}-2", relay)

    def both() -> bool:
        first.turn()
        return bool(second.concerns(FLOWING))

    until(second, wait_until, both)
    assert "1 daemons are served already" in second.concerns(FLOWING)[-1]
    first.worker.close()  # it takes its leave

    until(second, wait_until, lambda: second.concerns(FLOWING)[-1] == "")
    report = clients_of(server.address, None, 5.0)
    assert [client.state for client in report.clients] == ["served"]


def test_beyond_this_machine_it_listens_with_keys_only(at):
    from daemon.calibration.server import CalibratorServer

    with pytest.raises(UserError, match=r"--listen = 'tcp://0\.0\.0\.0:5599' is refused"):
        CalibratorServer(at(), "tcp://0.0.0.0:5599", None, 4)


def test_a_daemon_that_says_nothing_costs_the_others_nothing(
    at, office, serving, ipc_address, wait_until
):
    """One joins and then hangs: its process stands still. The other is served as before."""
    server = serving(at(), f"{ipc_address}-port")
    hung = office(at(server.address), f"{ipc_address}-1", relay)
    ready(hung, wait_until)
    other = office(at(server.address), f"{ipc_address}-2", relay)
    ready(other, wait_until)
    for _ in range(5):
        heard = len(other.heard)
        other.send()
        until(other, wait_until, lambda heard=heard: len(other.heard) > heard)
    assert len(server.server.report().clients) == 2
