"""Asks a calibrator that serves several daemons how it goes."""

from __future__ import annotations

import zmq

from daemon.calibration.wire import ClientsQuestion, ClientsReport
from daemon.ipc.messages import MAX_BYTES
from daemon.ipc.sockets import read
from pipeline.errors import UserError
from pipeline.transport.bind import is_address
from pipeline.transport.curve import ClientKeys, be_client

_KINDS = {ClientsReport.topic.encode("ascii"): ClientsReport}


def clients_of(address: str, keys: ClientKeys | None, patience_s: float) -> ClientsReport:
    """Return whom the calibrator at an address serves.

    Raises
    ------
    UserError
        If the address is none, or no calibrator answers there in time, s.
    """
    if not is_address(address):
        raise UserError(
            f"--status: '{address}' is no address; give that of the calibrator's --listen, such "
            "as tcp://127.0.0.1:5570."
        )
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        be_client(socket, keys)
        socket.connect(address)
        socket.send(ClientsQuestion().pack())
        report = read(socket.recv(), _KINDS) if socket.poll(round(1000 * patience_s)) else None
    if not isinstance(report, ClientsReport):
        known = "this key among its --clients" if keys else "no keys"
        raise UserError(
            f"No calibrator answered on {address} within {patience_s:g} s; is 'hillstream "
            f"calibrator --listen' at work there, with {known}?"
        )
    return report
