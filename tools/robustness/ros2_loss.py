"""Moments over ROS 2 without a loss: ``python -m tools.robustness.ros2_loss --seconds 60``.

Publishes moments of seven joints at the rate of a run, through the daemon's own way out, and hears
them in another process by best effort, which asks for nothing that was lost. Says what was lost,
how old a moment was when it was heard, and how long the publisher was held up by one. Moments have
no lifespan here, since one that a busy machine hears too late would look like a lost one; how many
a run would have let expire is told. All stays on the loopback interface, unless CYCLONEDDS_URI says
otherwise. Exits with 1 where one was lost.
"""

from __future__ import annotations

import os
import time
import uuid
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

import click
import numpy as np

from daemon.terminal.command import Command
from daemon.terminal.console import json_option, progress_bar, say, write_json
from pipeline.output.message import MetaMessage, MomentMessage, Status
from pipeline.output.ros2 import Ros2Publisher
from pipeline.streams import clock
from pipeline.streams.ros2.needs import load_dds
from pipeline.streams.ros2.quality import Quality
from pipeline.streams.ros2.ros_time import to_lsl

LOOPBACK = (
    "<CycloneDDS><Domain><General><Interfaces><NetworkInterface name='lo' multicast='true'/>"
    "</Interfaces></General></Domain></CycloneDDS>"
)
JOINTS = tuple(f"joint_{number}" for number in range(1, 8))
VALID_FOR_S = 0.1
"""Life of a moment in a run, s."""
WAIT_S, FOUND_S = 0.1, 30.0
"""How long a listener waits for one message, and both for each other, s."""


@dataclass(frozen=True)
class Heard:
    """What became of the moments.

    Parameters
    ----------
    sent, received, not_taken
        Moments sent, heard, and those that DDS did not take.
    in_order
        Whether they came in the order in which they were sent, each once.
    expired
        Moments heard that were older than a run would have handed out.
    age_ms
        Time from publication to reception, ms: median, 99th percentile, largest.
    held_up_us
        Time that sending took, us: likewise.
    """

    sent: int
    received: int
    not_taken: int
    in_order: bool
    expired: int
    age_ms: tuple[float, ...]
    held_up_us: tuple[float, ...]

    @property
    def lost(self) -> int:
        """How many did not arrive."""
        return self.sent - self.received


def listen(topic: str, domain_id: int, line: Connection) -> None:
    """Hear moments until told to end, and hand over the number and age (s) of each."""
    dds = load_dds()
    subscription = dds.Subscription(topic, dds.messages.JointState, domain_id)
    while not subscription.publishers:
        time.sleep(WAIT_S)
    line.send(True)
    rows: list[tuple[float, float]] = []
    while not line.poll():
        subscription.wait(WAIT_S)
        for taken in subscription.take():
            now, stamp = clock.now(), taken.message.header.stamp
            sent = to_lsl(stamp.sec, stamp.nanosec) or np.nan
            rows.append((taken.message.effort[0], now - sent))
    line.send(rows)


def measure(seconds: float, rate_hz: float, domain_id: int, quality: Quality) -> Heard:
    """Publish for some seconds and return what became of it."""
    topic = f"/hillstream_loss_{uuid.uuid4().hex[:8]}"
    processes = get_context("spawn")
    line, far_end = processes.Pipe()
    listener = processes.Process(target=listen, args=(topic, domain_id, far_end), daemon=True)
    meta = MetaMessage(
        session="loss", dofs=JOINTS, rate_hz=rate_hz, muscles=("none",), valid_for_s=VALID_FOR_S
    )
    out = Ros2Publisher(
        meta,
        topic=topic,
        diagnostics=f"{topic}_diagnostics",
        domain_id=domain_id,
        quality=quality,
        fade_s=0.0,
    )
    listener.start()
    if not line.poll(FOUND_S):
        raise click.ClickException(f"Nobody was found in {FOUND_S:g} s; is 'lo' up?")
    line.recv()
    held_up_s = _publish(out, round(seconds * rate_hz), rate_hz)
    time.sleep(1.0)  # what is on its way may take so long
    line.send("end")
    rows = np.array(line.recv()).reshape(-1, 2)
    listener.join()
    out.close()
    return Heard(
        sent=len(held_up_s),
        received=len(np.unique(rows[:, 0])),
        not_taken=out.counts["lost_ros2_messages"],
        in_order=bool((np.diff(rows[:, 0]) > 0).all()),
        expired=int((rows[:, 1] > VALID_FOR_S).sum()),
        age_ms=_summary(1e3 * rows[:, 1]),
        held_up_us=_summary(1e6 * np.array(held_up_s)),
    )


def _publish(out: Ros2Publisher, count: int, rate_hz: float) -> list[float]:
    """Send moments, the first joint's being their number; return how long each took, s."""
    held_up_s, started = [], clock.now()
    with progress_bar("Publishing") as progress:
        for number in range(count):
            time.sleep(max(0.0, started + number / rate_hz - clock.now()))
            message = _moment(number, clock.now())
            before = clock.now()
            out.send(message)
            held_up_s.append(clock.now() - before)
            if not number % round(rate_hz):
                progress(number / count)
    return held_up_s


def _moment(number: int, now: float) -> MomentMessage:
    values = (float(number), *(0.5 * joint for joint in range(1, len(JOINTS))))
    return MomentMessage(
        session="loss",
        seq=number,
        t=now,
        t_published=now,
        valid_until=now + VALID_FOR_S,
        status=Status.NOMINAL,
        ok=(True,) * len(JOINTS),
        moment=values,
        parameter_version=0,
        parameter_age_s=0.0,
    )


def _summary(values: np.ndarray) -> tuple[float, ...]:
    if not len(values):
        return (np.nan,) * 3
    return tuple(float(one) for one in (*np.percentile(values, [50, 99]), values.max()))


@click.command(cls=Command)
@click.option("--seconds", default=60.0, show_default=True, help="How long to publish.")
@click.option("--rate", "rate_hz", default=200.0, show_default=True, help="Moments a second, Hz.")
@click.option("--domain", "domain_id", default=77, show_default=True, help="ROS 2 domain.")
@click.option("--best-effort", is_flag=True, help="Publish by best effort, not reliably.")
@json_option()
def main(
    seconds: float, rate_hz: float, domain_id: int, best_effort: bool, json_file: str | None
) -> None:
    """Publish moments over ROS 2 to another process and count what is lost."""
    os.environ.setdefault("CYCLONEDDS_URI", LOOPBACK)
    quality = Quality(reliable=not best_effort)
    heard = measure(seconds, rate_hz, domain_id, quality)
    write_json(json_file, asdict(heard) | {"lost": heard.lost})
    order = "in order" if heard.in_order else "NOT in order"
    ages, held_up = (
        "p50 {:.3g}, p99 {:.3g}, largest {:.3g}".format(*values)
        for values in (heard.age_ms, heard.held_up_us)
    )
    say(
        f"{heard.sent} moments sent, {heard.lost} lost, {heard.not_taken} not taken by DDS, "
        f"{order}.\nAge when heard, ms: {ages}; {heard.expired} older than {VALID_FOR_S:g} s."
        f"\nPublisher held up, us: {held_up}.",
        json_file,
    )
    if heard.lost or heard.not_taken or not heard.in_order:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
