"""The link over a network that fails, between a relay and a calibrator in this process."""

from contextlib import closing

import pytest
from calibration_office import relay

from daemon.ipc.orders import PauseOrder
from tools.robustness.faults.cable import Cable

pytestmark = pytest.mark.system

LINK = "calibrator link"


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_rows_of_a_time_without_network_are_learnt_from_after_it(
    fault, at, office, serving, ipc_address, wait_until
):
    """A cable is cut, or goes dead without a word, while rows flow; then it is mended.

    The calibrator, which has gone nowhere, then has each row once, and its next update is the next
    version.
    """
    server = serving(at(), "tcp://127.0.0.1:*")
    with closing(Cable(server.address)) as cable:
        one = office(at(cable.address), ipc_address, relay)

        def until(condition) -> None:
            def turned() -> bool:
                one.turn()
                return bool(condition())

            wait_until(turned, 60.0)

        def fed() -> bool:
            if not one.heard:
                one.send()
            return bool(one.heard)

        until(fed)
        one.line.send(PauseOrder(number=1, paused=True))
        until(lambda: any(getattr(said, "number", None) == 1 for said in one.said))
        getattr(cable, fault)()
        sent = 0
        while not any(one.concerns(LINK)[-1:]):
            one.send(1)
            one.turn()
            sent += 1
        assert "does not answer" in one.concerns(LINK)[-1]
        heard = len(one.heard)
        cable.mend()
        until(lambda: one.concerns(LINK)[-1] == "")
        one.send()  # a stride at least is waiting now
        until(lambda: len(one.heard) > heard and one.heard[-1].t > one.t - 0.015)
        (client,) = server.server.report().clients
        assert (client.state, client.waiting) == ("served", 0)
        assert client.version == max(update.version for update in one.heard)
        taken = server.server._clients.of(one.worker._link._session)
        assert taken is not None
        assert taken.have == pytest.approx(one.t - 0.01)
