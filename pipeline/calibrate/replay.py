"""A step that is taken many times over: on a GPU recorded as a CUDA graph once, and replayed."""

from __future__ import annotations

from collections.abc import Callable

import torch


class Replay:
    """Takes one step as often as it is asked to.

    An AdamW step is some thousand small operations, each of which costs a GPU's host more to launch
    than the GPU to compute. A graph launches all of them at once.

    Parameters
    ----------
    device
        Where the step's tensors lie; a graph is recorded where that is CUDA, elsewhere the step
        just runs.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._graph: torch.cuda.CUDAGraph | None = None

    def take(self, step: Callable[[], None]) -> None:
        """Take the step once.

        Parameters
        ----------
        step
            The same at every call. It reads and writes the same memory each time, and never waits
            for the GPU.
        """
        if self._device.type != "cuda":
            step()
        elif self._graph is None:
            self._warm_up(step)
            self._graph = _recorded(step)
        else:
            self._graph.replay()

    def _warm_up(self, step: Callable[[], None]) -> None:
        """Take the step beside the stream in use, as CUDA asks for before a recording."""
        here = torch.cuda.current_stream(self._device)
        beside = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            step()
        here.wait_stream(beside)


def _recorded(step: Callable[[], None]) -> torch.cuda.CUDAGraph:
    """Record a step; what is recorded does not happen until it is replayed."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph
