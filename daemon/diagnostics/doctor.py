"""Is this machine fit to run hillstream? Every part is really tried, and none needs another."""

from __future__ import annotations

import os
import platform
import socket
import struct
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import zmq

from daemon.config import config_path, load_config
from daemon.host.realtime import may_claim_priority
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Outlet, Source, StreamSpec
from pipeline.streams.lsl.liblsl import LIBLSL_FIX, load_pylsl
from pipeline.streams.lsl.outlet import LslOutlet
from pipeline.streams.lsl.source import LslSource
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.ros2.outlet import Ros2Outlet
from pipeline.streams.ros2.source import Ros2Source
from pipeline.streams.zeromq.outlet import ZmqOutlet
from pipeline.streams.zeromq.source import ZmqSource

PYTHON = (3, 11)
LOOPBACK_S = 15.0
"""How long a sample may take to come back at most; connecting takes most of it, s."""
POLL_S = 0.001
CLOCK_S = 1e-3
"""Largest difference between this program's clock and LSL's, s."""
MULTICAST_GROUP = "239.255.172.215"
"""Where LSL looks for streams of other machines."""
_SPEC = StreamSpec("emg", ("loopback",), 1000.0)


@dataclass(frozen=True)
class Finding:
    """One thing that was examined.

    Parameters
    ----------
    name
        What was examined.
    ok
        Whether it is fit.
    detail
        What was found.
    fix
        What to do if it is not fit; empty if it is.
    """

    name: str
    ok: bool
    detail: str
    fix: str = ""


def examine() -> list[Finding]:
    """Examine this machine; takes a few seconds.

    Returns
    -------
    list of Finding
        One for each part, in the order of the parts' need. A part that breaks while it is
        examined is a finding that is not ok.
    """
    findings: dict[str, Finding] = {}
    for name, look in _PARTS.items():
        if name in _NEED_LIBLSL and not findings["liblsl"].ok:
            findings[name] = Finding(name, False, "not examined without liblsl", "See liblsl.")
        else:
            findings[name] = _examined(name, look)
    return list(findings.values())


def _examined(name: str, look: Callable[[str], Finding]) -> Finding:
    try:
        return look(name)
    except Exception as error:  # whatever is broken here is what this command is there to tell
        return Finding(name, False, f"{type(error).__name__}: {error}", "Install hillstream anew.")


def _python(name: str) -> Finding:
    detail = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    wanted = ".".join(map(str, PYTHON))
    ok = sys.version_info[:2] >= PYTHON
    return Finding(name, ok, detail, "" if ok else f"Install Python {wanted} or newer.")


def _torch(name: str) -> Finding:
    import torch  # takes seconds, so only where it is looked at

    threads = f"{torch.get_num_threads()} threads"
    where = torch.cuda.get_device_name() if torch.cuda.is_available() else "no CUDA, all on the CPU"
    return Finding(name, True, f"{torch.__version__}, {where}, {threads}")


def _liblsl(name: str) -> Finding:
    try:
        pylsl = load_pylsl()
    except UserError as error:
        sentence = str(error).split(";")[0]
        return Finding(name, False, f"{sentence}.", f"{LIBLSL_FIX[:1].upper()}{LIBLSL_FIX[1:]}.")
    version = pylsl.library_version()
    return Finding(
        name, True, f"pylsl {pylsl.__version__}, liblsl {version // 100}.{version % 100}"
    )


def _lsl_loopback(name: str) -> Finding:
    own = f"hillstream-doctor-{uuid.uuid4().hex[:8]}"
    source = LslSource(_SPEC, name=own)
    outlet = LslOutlet(own, "Test", _SPEC.channels, "V", _SPEC.rate_hz)
    fix = "Allow UDP and TCP on the loopback interface in the firewall, ports 16571 to 16604."
    return _loopback(name, source, outlet, fix)


def _zmq_loopback(name: str) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        address = f"ipc://{folder}/doctor"
        source = ZmqSource(_SPEC, address=address)
        outlet = ZmqOutlet(address, "emg", _SPEC.channels, "V", _SPEC.rate_hz)
        return _loopback(name, source, outlet, "Reinstall pyzmq.")


def _ros2_loopback(name: str) -> Finding:
    """Try ROS 2 where it is installed; a machine without it is fit for all else."""
    try:
        load_dds()
    except UserError as error:
        return Finding(name, True, f"not examined: {error}")
    topic = f"/hillstream_doctor_{uuid.uuid4().hex[:8]}"
    source = Ros2Source(replace(_SPEC, key="angles"), topic=topic)
    outlet = Ros2Outlet(topic, _SPEC.channels)
    fix = "Name an interface that is up in CYCLONEDDS_URI, and allow UDP on ports 7400 and up."
    return _loopback(name, source, outlet, fix)


def _loopback(name: str, source: Source, outlet: Outlet, fix: str) -> Finding:
    """Send samples until one comes back; say how old it is then."""
    begun = clock.now()
    try:
        source.open()
        while clock.now() - begun < LOOPBACK_S:
            sent = clock.now()
            outlet.push(np.array([sent]), np.ones((1, 1)))
            time.sleep(POLL_S)
            if (chunk := source.poll()) is not None:
                age_ms = 1e3 * (clock.now() - chunk.t[-1])
                return Finding(name, True, f"a sample came back after {age_ms:.1f} ms")
        note = source.health(clock.now()).note
        return Finding(name, False, f"nothing came back in {LOOPBACK_S:g} s. {note}", fix)
    finally:
        source.close()
        outlet.close()


def _curve(name: str) -> Finding:
    if zmq.has("curve"):
        return Finding(name, True, f"libzmq {zmq.zmq_version()} can encrypt and authenticate")
    return Finding(
        name, False, "libzmq was built without CURVE", "Install pyzmq from its binary wheel."
    )


def _clock(name: str) -> Finding:
    before, lsl, after = clock.now(), load_pylsl().local_clock(), clock.now()
    off = lsl - min(max(lsl, before), after)  # nothing where LSL's lies between the two
    ok = abs(off) < CLOCK_S
    fix = "" if ok else "Use a liblsl that reads the steady clock (1.16 or newer)."
    return Finding(name, ok, f"this program's clock and LSL's differ by {1e6 * off:.0f} us", fix)


def _configurations(name: str) -> Finding:
    files = sorted(config_path("arm").parent.glob("*.toml"))
    faults = []
    for file in files:
        try:
            model = load_config(file).model.file
        except UserError as error:
            faults.append(str(error))
        else:
            faults += [] if model.exists() else [f"{file.name} names {model}, which is missing."]
    detail = " ".join(faults) or f"{', '.join(file.stem for file in files)} are valid"
    return Finding(name, not faults, detail, "Install hillstream anew." if faults else "")


def _lsl_config(name: str) -> Finding:
    """Say which file liblsl reads; the places and their order are liblsl's."""
    stated = os.environ.get("LSLAPICFG")
    places = [Path(stated)] if stated else []
    places += [Path("lsl_api.cfg"), Path.home() / "lsl_api/lsl_api.cfg"]
    places += [Path("/etc/lsl_api/lsl_api.cfg")]
    if stated and not places[0].is_file():
        fix = "Correct or unset the environment variable LSLAPICFG."
        return Finding(name, False, f"LSLAPICFG names '{stated}', which does not exist", fix)
    found = next((place for place in places if place.is_file()), None)
    return Finding(name, True, f"read from {found.resolve()}" if found else "none, LSL's defaults")


def _multicast(name: str) -> Finding:
    membership = struct.pack("4s4s", socket.inet_aton(MULTICAST_GROUP), bytes(4))
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
            listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError as error:  # no fault: a machine without a network has all streams on itself
        detail = (
            f"no interface takes part ({error}); streams of other machines are found only if "
            "lsl_api.cfg lists the machines as KnownPeers"
        )
        return Finding(name, True, detail)
    return Finding(name, True, f"this machine can join LSL's group {MULTICAST_GROUP}")


def _real_time(name: str) -> Finding:
    """Say what realtime.priority would come to; a machine without it is fit, only less punctual."""
    cores = f"{len(os.sched_getaffinity(0))} processors"
    if may_claim_priority():
        return Finding(name, True, f"{cores}; real-time priority is allowed")
    detail = f"{cores}; real-time priority is not allowed, docs/latency.md says how to allow it"
    return Finding(name, True, detail)


_PARTS: dict[str, Callable[[str], Finding]] = {
    "Python": _python,
    "real time": _real_time,
    "torch": _torch,
    "configurations": _configurations,
    "ZeroMQ loopback": _zmq_loopback,
    "ZeroMQ CURVE": _curve,
    "ROS 2 loopback": _ros2_loopback,
    "liblsl": _liblsl,
    "LSL loopback": _lsl_loopback,
    "LSL clock": _clock,
    "LSL configuration": _lsl_config,
    "LSL multicast": _multicast,
}
_NEED_LIBLSL = {"LSL loopback", "LSL clock"}
