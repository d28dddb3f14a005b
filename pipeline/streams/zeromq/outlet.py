"""ZeroMQ streams out; the message is described in `pipeline.streams.zeromq.wire`."""

from __future__ import annotations

import secrets

import zmq

from pipeline.errors import UserError
from pipeline.streams.base import Array
from pipeline.streams.zeromq import wire
from pipeline.streams.zeromq.source import QUEUE, attach
from pipeline.transport.bind import is_local


class ZmqOutlet:
    """A publisher of one stream.

    Parameters
    ----------
    address
        Where to bind, on this machine: ``tcp://127.0.0.1:5561``.
    key
        Key of the stream, the topic of its messages.
    channels
        Name of each column.
    unit
        Unit of the samples.
    rate_hz
        Nominal sampling rate, Hz.

    Raises
    ------
    UserError
        If the address cannot be bound, or is not of this machine.
    """

    def __init__(
        self, address: str, key: str, channels: tuple[str, ...], unit: str, rate_hz: float
    ) -> None:
        if not is_local(address):
            raise UserError(
                f"Samples are not sent to '{address}', which is not on this machine or no address; "
                "give an address such as tcp://127.0.0.1:5561."
            )
        self._key = key
        self._channels = channels
        self._unit = unit
        self._rate_hz = rate_hz
        self._seq = 0
        self._run = secrets.randbits(53)
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 500)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        attach(self._socket, "bind", address)

    def push(self, t: Array, x: Array) -> None:
        """Send samples; `t` in s on the LSL clock, shape [n], `x` of shape [n, channels]."""
        if self._socket.closed or not len(t):
            return
        self._socket.send(
            wire.encode(
                wire.Samples(
                    self._key, self._seq, self._channels, self._unit, self._rate_hz, t, x, self._run
                )
            )
        )
        self._seq += 1

    def close(self) -> None:
        """Release the stream; safe to call twice."""
        self._socket.close()
