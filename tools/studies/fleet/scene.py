"""Exoskeletons that ask for an update each stride, over a network, and how many are on time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.studies.fleet.server import Requests, Served, serve
from tools.studies.fleet.service import Service

Array = NDArray[np.float64]
_Z99 = 2.326
"""Quantile of 99 % of the normal distribution."""
SETTLING_S = 10.0
"""The first requests find an empty queue and do not count."""


@dataclass(frozen=True)
class Network:
    """Delay of one way, lognormal."""

    median_s: float = 0.003
    p99_s: float = 0.03

    def drawn_s(self, count: int, random: np.random.Generator) -> Array:
        """Return some delays, s."""
        sigma = np.log(self.p99_s / self.median_s) / _Z99
        return np.asarray(self.median_s * np.exp(sigma * random.standard_normal(count)))


@dataclass(frozen=True)
class Scene:
    """What is simulated."""

    service: Service
    most: int
    """People that are calibrated at once; 1 is one after the other."""
    stride_s: float = 1.0
    """Time between two updates of an exoskeleton, by which each has to be back."""
    network: Network = Network()
    together: bool = False
    """Whether all ask at the same moment, rather than each at its own."""
    seconds: float = 60.0
    fleets: int = 10
    """Fleets that are drawn, as a few exoskeletons may happen to ask at good or bad moments."""
    seed: int = 1


@dataclass(frozen=True)
class Verdict:
    """How a number of exoskeletons were served."""

    exoskeletons: int
    on_time: float
    """Share of the updates asked for that were back within the stride."""
    skipped: float
    """Share that was never made, as the next one was due first."""
    p50_s: float
    """From asking to having, of those made."""
    p99_s: float
    load: float
    """Share of the time for which the server worked."""
    batch: float
    """People at once, on average."""
    waiting: float
    """Requests in the queue, on average."""


def requests_of(count: int, scene: Scene, random: np.random.Generator) -> Requests:
    """Return what some exoskeletons ask for in the time of the scene."""
    phase = np.zeros(count) if scene.together else random.uniform(0.0, scene.stride_s, count)
    strides = np.arange(0.0, scene.seconds, scene.stride_s)
    due = (phase[:, None] + strides).ravel()
    owner = np.repeat(np.arange(count), len(strides))
    arrival = due + scene.network.drawn_s(len(due), random)
    order = arrival.argsort(kind="stable")
    return Requests(due[order], arrival[order], owner[order])


def simulated(count: int, scene: Scene, fleet: int = 0) -> tuple[Served, Array]:
    """Serve a fleet of so many, one of those drawn.

    Returns
    -------
    tuple
        What became of the requests, and from asking to having each update, s; infinite where it
        was never made.
    """
    random = np.random.default_rng((scene.seed, count, fleet))
    requests = requests_of(count, scene, random)
    served = serve(requests, lambda people: scene.service.drawn_s(people, random), scene.most)
    back = served.left + scene.network.drawn_s(len(served.left), random)
    return served, np.where(served.done, back - requests.due, np.inf)


def verdict(count: int, scene: Scene) -> Verdict:
    """Serve some fleets of so many and say how well, over all of them."""
    settling_s = min(SETTLING_S, scene.seconds / 2)
    times = np.arange(settling_s, scene.seconds, 0.01)
    fleets = [simulated(count, scene, fleet) for fleet in range(scene.fleets)]
    took = np.concatenate([took[served.requests.due >= settling_s] for served, took in fleets])
    made = np.isfinite(took)
    p50, p99 = np.quantile(took[made], (0.5, 0.99))
    every = [served for served, _ in fleets]
    spans = [float(one.left.max() - one.requests.arrival[0]) for one in every]
    return Verdict(
        exoskeletons=count,
        on_time=float(np.mean(took <= scene.stride_s)),
        skipped=float(np.mean(~made)),
        p50_s=float(p50),
        p99_s=float(p99),
        load=sum(one.busy for one in every) / sum(spans),
        batch=sum(int(one.done.sum()) for one in every) / sum(one.batches for one in every),
        waiting=float(np.mean([one.waiting_at(times).mean() for one in every])),
    )


def largest(enough: Callable[[int], bool], ceiling: int = 100_000) -> int:
    """Return the largest number that is served well enough, 0 where not even one is.

    Parameters
    ----------
    enough
        Whether a number is; falls from true to false as the number grows.
    ceiling
        Where to stop looking.
    """
    high = 1
    while high < ceiling and enough(high):
        high *= 2
    low, high = high // 2, min(high, ceiling)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if enough(middle) else (low, middle)
    return low
