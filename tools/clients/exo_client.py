"""Joint moments from hillstream for an exoskeleton controller: copy this file and start from it.

It needs pyzmq and msgpack, nothing else. In a control loop, on the daemon's machine:

    client = MomentClient("tcp://127.0.0.1:5556", joints=["knee_angle_r"])
    while True:
        torque = client.read(time.monotonic())   # N*m per joint; at once, always finite
        client.stiffness                         # N*m/rad per joint, fades with the torque

A joint's torque is its moment while the message is valid, the EMG behind it young and its ok flag
set. Otherwise the last good one fades to zero, and when moments are good again it fades in.
Assistance gain and limits of torque and torque rate are the controller's. This is an outer loop
(100-1000 Hz): the device's own torque loop runs beneath it.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import msgpack
import zmq

SCHEMA_VERSION = 1
MAX_BYTES = 65536  # no message is longer
MAX_ITEMS = 512  # nor has a vector more values, or a map more keys
LARGEST = 1e9  # N*m or s; what is larger is no moment and no time


class MomentClient:
    """Reads the newest moment message and turns it into a torque that is safe to command.

    `joints` picks and orders the joints by name (None: all, as published). `timeout_s` is how old
    the message and the EMG behind it may be, `fade_s` how long fades take. Where the daemon asks
    for keys, `key` is this client's secret key and `server_key` the daemon's public one.
    """

    def __init__(
        self,
        address: str,
        joints: Sequence[str] | None = None,
        timeout_s: float = 0.1,
        fade_s: float = 0.05,
        key: bytes | None = None,
        server_key: bytes | None = None,
    ) -> None:
        self.joints, self.timeout_s, self.fade_s = joints, timeout_s, fade_s
        self.names = list(joints or ())  # joints of the torque vector
        self.state = "no message yet"  # "ok", or why the torque fades
        self.message: dict[str, Any] = {}  # newest moment message; empty before the first
        self.skipped = self.restarts = self.refused = 0  # skipped: normal with CONFLATE
        self._meta: dict[str, Any] = {}
        self.stiffness = [0.0] * len(self.names)  # N*m/rad, of the last read; 0 while unknown
        self._gain = [0.0] * len(self.names)  # 0 faded out, 1 faded in
        self._good = [0.0] * len(self.names)  # last good moments, N*m
        self._good_stiffness = [0.0] * len(self.names)  # that came with them
        self._read_at = -math.inf
        self._key, self._server_key = key, server_key
        self._context = zmq.Context()
        self._moments = self._subscribe(address, b"moment ")
        self._metas = self._subscribe(address, b"meta ")  # own socket: CONFLATE keeps one message

    def _subscribe(self, address: str, topic: bytes) -> zmq.Socket[bytes]:
        socket = self._context.socket(zmq.SUB)
        socket.setsockopt(zmq.CONFLATE, 1)  # keep the newest only; must come before connect
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, MAX_BYTES)
        socket.setsockopt(zmq.SUBSCRIBE, topic)
        if self._key and self._server_key:  # CURVE: encrypted, and each knows who the other is
            socket.curve_serverkey = self._server_key
            socket.curve_publickey = zmq.curve_public(self._key)
            socket.curve_secretkey = self._key
        socket.connect(address)  # nobody needs to be there yet; it reconnects by itself
        return socket

    def read(self, now: float) -> list[float]:
        """Return the torque of each joint in N*m; `now` is time.monotonic(). Never waits."""
        for socket in (self._metas, self._moments):
            with suppress(zmq.Again):  # nothing new
                self.take(socket.recv(zmq.NOBLOCK))
        elapsed, self._read_at = max(now - self._read_at, 0.0), now
        if elapsed > self.timeout_s:  # the control loop itself was away: begin from zero
            self._gain, elapsed = [0.0] * len(self.names), 0.0
        complaint = self._complaint(now)
        self.state = complaint or "ok"
        for i, name in enumerate(self.names):
            good = not complaint and self._is_good(i, name)
            self._gain[i] += (1 if good else -1) * elapsed / self.fade_s
            self._gain[i] = min(max(self._gain[i], 0.0), 1.0)
        self.stiffness = [g * k for g, k in zip(self._gain, self._good_stiffness, strict=True)]
        return [gain * moment for gain, moment in zip(self._gain, self._good, strict=True)]

    def take(self, frame: bytes) -> None:
        """Take a message as it came, or count it as refused where it is not one of ours."""
        try:
            message = decode(frame)
        except (ValueError, TypeError, KeyError, msgpack.UnpackException):
            self.refused += 1
            return
        if frame.startswith(b"meta"):
            self._adopt(message)
        else:
            self._take(message)

    def _adopt(self, meta: dict[str, Any]) -> None:
        """Learn which joint is where."""
        self._meta = meta
        names = list(self.joints or meta["dofs"])
        if names != self.names:
            self.names, self._gain, self._good = names, [0.0] * len(names), [0.0] * len(names)
            self._good_stiffness = [0.0] * len(names)

    def _take(self, message: dict[str, Any]) -> None:
        before, self.message = self.message, message
        if before and before["sid"] != message["sid"]:
            self.restarts += 1
        elif before:
            self.skipped += max(message["seq"] - before["seq"] - 1, 0)

    def _complaint(self, now: float) -> str:
        """Return why the newest moments may not be used, or an empty string if they may."""
        message, meta = self.message, self._meta
        if not message or not meta:
            return "no message yet"
        if message["sid"] != meta["sid"] or len(message["m"]) != len(meta["dofs"]):
            return "the joints of this session are not known yet"
        if missing := [name for name in self.names if name not in meta["dofs"]]:
            return f"not published: {missing}, only {meta['dofs']}"
        if now > message["exp"] or abs(now - message["tp"]) > self.timeout_s:
            return f"no message in time, the last said {message['st']}"
        if message["t"] is None or abs(now - message["t"]) > self.timeout_s:
            return f"no young EMG (or another clock), the daemon says {message['st']}"
        places = [meta["dofs"].index(name) for name in self.names]
        if not any(message["ok"][place] is True for place in places):
            return f"no moment is ok, the daemon says {message['st']}"
        return ""

    def _is_good(self, i: int, name: str) -> bool:
        """Tell whether a joint's ok flag is set, and if so take over its moment."""
        column = self._meta["dofs"].index(name)
        if self.message["ok"][column] is not True:
            return False
        self._good[i] = self.message["m"][column]
        stiffness = self.message.get("k")
        self._good_stiffness[i] = stiffness[column] if stiffness else 0.0
        return True

    def close(self) -> None:
        """Release the sockets."""
        self._context.destroy()


def decode(frame: bytes) -> dict[str, Any]:
    """Return the moment or meta message in a frame.

    Raises ValueError, TypeError, KeyError or UnpackException if it is not one we can use.
    """
    if len(frame) > MAX_BYTES:
        raise ValueError("the frame is too long")
    topic, body = frame.split(b" ", 1)
    limits = {"max_array_len": MAX_ITEMS, "max_map_len": MAX_ITEMS}  # else 4 kB can claim 500 MB
    message: dict[str, Any] = msgpack.unpackb(body, max_bin_len=0, max_ext_len=0, **limits)
    if message["v"] != SCHEMA_VERSION:
        raise ValueError(f"schema version {message['v']!r}, this client knows {SCHEMA_VERSION}")
    if topic == b"moment":
        check_moment(message)
    elif topic != b"meta" or not texts(message["dofs"]):
        raise ValueError("neither a moment nor a meta message")
    if not texts([message["sid"], message["st" if topic == b"moment" else "unit"]]):
        raise TypeError("a text is not one")
    return message


def check_moment(message: dict[str, Any]) -> None:
    """Refuse a moment message whose numbers cannot be used."""
    moments, flags = message["m"], message["ok"]
    if not isinstance(moments, list) or not isinstance(flags, list) or len(moments) != len(flags):
        raise ValueError("not a value per joint")
    times = [message["tp"], message["exp"], message["seq"]]
    times += [] if message["t"] is None else [message["t"]]
    stiffness = [0.0] * len(moments) if message.get("k") is None else message["k"]
    if not isinstance(stiffness, list) or len(stiffness) != len(moments):
        raise ValueError("not a stiffness per joint")
    for number in [*times, *moments, *stiffness]:
        if type(number) not in (int, float) or not math.isfinite(number):
            raise ValueError("a number is not finite, or none")
    if (
        max(map(abs, [*moments, *stiffness]), default=0.0) > LARGEST
        or type(message["seq"]) is not int
    ):
        raise ValueError("a number is out of range")


def texts(values: Any) -> bool:
    """Tell whether these are texts in a list."""
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def read_key(path: str) -> bytes:
    """Return the key in a file that `hillstream keys new` wrote."""
    with open(path, encoding="ascii") as file:
        lines = [line.strip() for line in file if not line.startswith("# ")]
    return "".join(lines).encode()


def report(client: MomentClient, torque: Sequence[float], now: float) -> dict[str, Any]:
    """Return what the client does, to be printed."""
    emg_time = client.message.get("t")
    return {
        "time": now,
        "state": client.state,
        "torque": dict(zip(client.names, torque, strict=True)),
        "emg_age_ms": None if emg_time is None else 1e3 * (now - emg_time),
        "seq": client.message.get("seq"),
        "skipped": client.skipped,
        "restarts": client.restarts,
        "refused": client.refused,
    }


def as_line(told: dict[str, Any]) -> str:
    """Return a report as a line to read."""
    torque = "  ".join(f"{name} {value:+.2f} N*m" for name, value in told["torque"].items())
    age = "" if told["emg_age_ms"] is None else f"  EMG {told['emg_age_ms']:.1f} ms old"
    return f"{told['time']:.3f}  {torque}{age}  [{told['state']}]"


def main() -> int:
    """Run the client as a controller would, printing a line each second."""
    parser = argparse.ArgumentParser(
        description="Follow hillstream's joint moments as an exoskeleton controller would.",
        epilog="Stop the daemon while this runs: the torque fades to zero within 50 ms once the "
        "newest EMG is 100 ms old, and fades in when the daemon is back. Exit status 1: no good "
        "moment ever came.",
    )
    parser.add_argument("--address", default="tcp://127.0.0.1:5556", help="output.zmq there")
    parser.add_argument("--key", metavar="FILE", help="your secret key, where keys are asked for")
    parser.add_argument("--server-key", metavar="FILE", help="the daemon's public key")
    parser.add_argument("--joint", action="append", help="joint to follow; repeat; default all")
    parser.add_argument("--rate", type=float, default=500.0, help="control rate, Hz (500)")
    parser.add_argument("--seconds", type=float, default=math.inf, help="then stop; else Ctrl-C")
    parser.add_argument("--json", action="store_true", help="a JSON object per line")
    args = parser.parse_args()
    key, server_key = (path and read_key(path) for path in (args.key, args.server_key))
    if bool(key) != bool(server_key):
        parser.error("--key and --server-key go together")
    client = MomentClient(args.address, args.joint, key=key, server_key=server_key)
    end, next_line, followed = time.monotonic() + args.seconds, time.monotonic() + 1.0, False
    try:
        while (now := time.monotonic()) < end:
            torque = client.read(now)  # a controller would command it here
            followed |= client.state == "ok"
            if now >= next_line:
                told = report(client, torque, now)
                sys.stdout.write((json.dumps(told) if args.json else as_line(told)) + "\n")
                sys.stdout.flush()
                next_line += 1.0
            time.sleep(1.0 / args.rate)
    except KeyboardInterrupt:
        pass
    finally:
        client.close()
    return 0 if followed else 1


if __name__ == "__main__":
    sys.exit(main())
