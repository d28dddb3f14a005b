"""The muscles bench: what stiffness and the message on the muscles add to a tick."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import generic_subject
from daemon.bench.latency.setup import MODEL_RATE_HZ, Size, bench_config
from daemon.config import Config
from pipeline.geometry import Geometry
from pipeline.model.subject import Subject
from pipeline.output.message import MetaMessage, MomentMessage, Status
from pipeline.output.publisher import Publisher
from pipeline.output.zmq import ZmqPublisher
from pipeline.predict import CrossFade, Predictor

Array = NDArray[np.float64]

SIZE = Size(channels=16, muscles=16)
TICKS = 3000
WARM_UP = 100
MOVEMENT_HZ = 0.7
_EVERY = 100


class _Ticks(NamedTuple):
    """What is computed at each tick, and a row of it."""

    plain: Callable[[Array, Array], object]
    """Moments only, from excitation and angles of one row."""
    full: Callable[[Array, Array], Array]
    """Stiffness besides, and the table of what the muscles do, shape [1, row, muscle]."""
    publish: Callable[[Array], None]


def bench_muscles(on_progress: Callable[[float], None] | None = None) -> dict[str, object]:
    """Measure a tick without stiffness and muscles, and what they add to it.

    The ticks without and with them take turns, so that what else the machine does meets both.

    Returns
    -------
    dict
        In ms ``plain`` (geometry and moments alone), ``computed`` (what stiffness and states
        add), ``published`` (the message over ZeroMQ) and ``added`` (the two together), each with
        ``p50`` and ``p99``; and what it was measured on.
    """
    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        config = bench_config(SIZE, Path(folder))
        subject = generic_subject(model_in_use(config))
        publisher = _publisher(config, subject)
        try:
            seconds = _measured(_ticks(config, subject, publisher), config, on_progress)
        finally:
            publisher.close()
    plain, full, published = seconds[WARM_UP:].T
    parts = {
        "plain": plain,
        "computed": full - plain,
        "published": published,
        "added": full - plain + published,
    }
    return {
        "muscles": SIZE.muscles,
        "joints": len(config.model.dofs),
        "ms": {name: _summary(values) for name, values in parts.items()},
        "machine": platform.processor() or platform.machine(),
        "torch": torch.__version__,
    }


def _publisher(config: Config, subject: Subject) -> Publisher:
    meta = MetaMessage(
        session="bench",
        dofs=tuple(config.model.dofs),
        rate_hz=MODEL_RATE_HZ,
        muscles=subject.muscles,
        valid_for_s=config.output.valid_for_s,
    )
    return Publisher(meta, [ZmqPublisher("tcp://127.0.0.1:*", meta)])


def _ticks(config: Config, subject: Subject, publisher: Publisher) -> _Ticks:
    """Return the work of a tick on a model of the size that is measured."""
    model, section = model_in_use(config), config.model
    geometry = Geometry(
        model, config.streams.angles.channels, section.dofs, section.fixed_angles_rad
    )
    plain = Predictor(subject, MODEL_RATE_HZ, CrossFade())
    full = Predictor(subject, MODEL_RATE_HZ, CrossFade(), with_muscles=True)
    zero = np.zeros(len(section.dofs))
    moment: MomentMessage = publisher.publish_moment(zero, zero > 0, Status.NOMINAL, 1.0)
    return _Ticks(
        lambda excitation, q: plain.predict(excitation, *geometry.evaluate(q)),
        lambda excitation, q: full.predict(excitation, *geometry.paths(q)).muscles,
        lambda states: publisher.publish_muscles(states, moment),
    )


def _measured(ticks: _Ticks, config: Config, on_progress: Callable[[float], None] | None) -> Array:
    """Return how long each part of each tick took, s, shape [tick, part]."""
    t = np.arange(TICKS)[:, None] / MODEL_RATE_HZ
    joints = len(config.streams.angles.channels)
    wave = np.sin(2.0 * np.pi * MOVEMENT_HZ * t + np.arange(max(SIZE.muscles, joints)))
    excitations, angles = 0.3 + 0.25 * wave[:, : SIZE.muscles], 0.2 + 0.2 * wave[:, :joints]
    taken = np.empty((TICKS, 3))
    for i in range(TICKS):
        row = excitations[i : i + 1], angles[i : i + 1]
        started = time.perf_counter()
        ticks.plain(*row)
        plain = time.perf_counter()
        states = ticks.full(*row)
        full = time.perf_counter()
        ticks.publish(states[0])
        taken[i] = plain - started, full - plain, time.perf_counter() - full
        if on_progress and i % _EVERY == 0:
            on_progress(i / TICKS)
    return taken


def _summary(seconds: Array) -> dict[str, float]:
    p50, p99 = np.percentile(seconds, (50, 99))
    return {"p50": 1e3 * float(p50), "p99": 1e3 * float(p99)}
