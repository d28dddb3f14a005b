"""The link over a network that fails, between a relay and a calibrator in this process."""

from contextlib import closing

import pytest
from calibration_office import relay

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.calibration.link import RETRY_S, CalibratorLink, Standing
from daemon.calibration.shape import shape_of
from daemon.ipc.orders import PauseOrder
from tools.robustness.faults.cable import Cable

pytestmark = pytest.mark.system

LINK = "calibrator link"


@pytest.mark.parametrize(("fault", "late_s"), [("cut", 0.0), ("hold", 0.0), ("cut", 0.05)])
def test_rows_of_a_time_without_network_are_learnt_from_after_it(
    fault, late_s, at, office, serving, ipc_address, wait_until
):
    """A cable, short or long, is cut, or goes dead without a word, while rows flow; it is mended.

    The calibrator, which has gone nowhere, then has each row once, and its next update is the next
    version.
    """
    server = serving(at(), "tcp://127.0.0.1:*")
    with closing(Cable(server.address, lambda: late_s)) as cable:
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
        assert (client.state, client.waiting, client.missing) == ("served", 0, 0)
        assert client.version == max(update.version for update in one.heard)
        taken = server.server._clients.of(one.worker._link._session)
        assert taken is not None
        assert taken.have == pytest.approx(one.t - 0.01)


@pytest.mark.parametrize("fault", ["cut", "hold"])
def test_one_attempt_after_the_cable_is_mended_is_enough(fault, at, serving, wait_until):
    """The link's clock is the test's, which waits for the network while it stands still."""
    config = at()
    server, now, turn_s = serving(config, "tcp://127.0.0.1:*"), [100.0], 0.25
    standing = Standing(starting_subject(config, model_in_use(config)), 0, True)
    with closing(Cable(server.address)) as cable:
        shape = shape_of(config)
        link = CalibratorLink(cable.address, None, "board", shape, 4.0, now=lambda: now[0])

        def joined() -> bool:
            for _ in link.turn(standing):
                pass
            return link.joined

        def passes(seconds: float) -> None:
            for _ in range(round(seconds / turn_s)):
                now[0] += turn_s
                joined()

        def lost() -> bool:
            passes(turn_s)
            return "does not answer" in link.trouble

        wait_until(joined, 60.0)
        getattr(cable, fault)()
        wait_until(lost, 60.0)
        passes(10.0)
        assert not link.joined
        cable.mend()
        passes(RETRY_S)
        wait_until(joined, 60.0)
        assert link.trouble == ""
        link.close()
