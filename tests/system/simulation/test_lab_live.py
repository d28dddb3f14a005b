"""The simulated lab on real LSL and ZeroMQ streams, and as a recording."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from daemon.config import Config
from daemon.simulation.lab import Lab
from daemon.simulation.live import LabSummary, run_lab
from daemon.simulation.recording import write_recording
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import Chunk, Source, StreamSpec
from pipeline.streams.lsl.source import LslSource
from pipeline.streams.zeromq.source import ZmqSource

MakeConfig = Callable[..., Config]
KEYS = ("emg", "angles", "moments")


@pytest.fixture
def live_config(make_config: MakeConfig, unique_name: str, tmp_path: Path) -> Config:
    """The set-up with streams that no other test has."""
    streams = {}
    for key in KEYS:
        stream: dict[str, Any] = make_config().streams.model_dump()[key]
        stream.update(name=f"{unique_name}-{key}", address=f"ipc://{tmp_path}/{key}")
        streams[key] = stream
    streams["emg"]["unit"] = "uV"
    return make_config(streams=streams)


def make_sources(config: Config, transport: str) -> dict[str, Source]:
    factors = {"emg": 1e-6, "angles": 1.0, "moments": 1.0}
    sources: dict[str, Source] = {}
    for key in KEYS:
        stream = getattr(config.streams, key)
        spec = StreamSpec(key, tuple(stream.channels), stream.rate_hz, factors[key])
        sources[key] = (
            LslSource(spec, name=stream.name)
            if transport == "lsl"
            else ZmqSource(spec, address=stream.address)
        )
    return sources


@contextmanager
def running(config: Config, **options: Any) -> Iterator[list[LabSummary]]:
    """Run the lab in a thread; its progress, and at the end its summary, go into the list."""
    stop, summaries = threading.Event(), list[LabSummary]()

    def work() -> None:
        last = run_lab(config, stop=stop, on_progress=summaries.append, **options)
        summaries.append(last)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield summaries
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def joined(chunks: list[Chunk]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([c.t for c in chunks]), np.concatenate([c.x for c in chunks])


@pytest.mark.system
@pytest.mark.parametrize("transport", ["lsl", "zmq"])
def test_streams_are_on_time_and_complete(
    live_config: Config, transport: str, wait_until: Callable[..., None]
) -> None:
    """The lab runs; sources read for 2 s.

    Result: every stream has its rate, no gap, stamps of now, and exactly the numbers that the
    generator gives for this seed.
    """
    sources = make_sources(live_config, transport)
    chunks: dict[str, list[Chunk]] = {key: [] for key in KEYS}
    ages: list[float] = []

    def two_seconds_are_there() -> bool:
        for key, source in sources.items():
            if (chunk := source.poll()) is not None:
                chunks[key].append(chunk)
                ages.append(clock.now() - chunk.t[-1])
        return all(got and got[-1].t[-1] - got[0].t[0] > 2.0 for got in chunks.values())

    with running(live_config, transport=transport) as summaries, ExitStack() as opened:
        for source in sources.values():
            source.open()
            opened.callback(source.close)
        wait_until(two_seconds_are_there, timeout_s=30)
        health = {key: source.health(clock.now()) for key, source in sources.items()}

    seconds = summaries[-1].seconds
    whole = Lab(live_config).block(round(1000 * seconds) + 20)
    for key in KEYS:
        t, x = joined(chunks[key])
        true = getattr(whole, key)
        assert health[key].missing_samples == 0
        assert health[key].rate_hz == pytest.approx(
            getattr(live_config.streams, key).rate_hz, rel=0.02
        )
        first = int(np.abs(true.x - x[0]).sum(axis=1).argmin())
        span = slice(first, first + len(x))
        np.testing.assert_allclose(x, true.x[span], rtol=1e-5, atol=1e-10)
        np.testing.assert_allclose(t - t[0], true.stamp[span] - true.stamp[first], atol=1e-3)
    assert min(ages) > -1e-3
    assert summaries[-1].samples["emg"] == pytest.approx(
        10 * summaries[-1].samples["angles"], abs=10
    )


@pytest.mark.system
def test_runs_for_a_while_and_reports(live_config: Config, tmp_path: Path) -> None:
    progress: list[LabSummary] = []
    file = tmp_path / "truth.json"
    before = clock.now()
    summary = run_lab(
        live_config, transport="zmq", seconds=1.2, on_progress=progress.append, truth_file=file
    )
    assert clock.now() - before >= 1.2
    assert summary.samples == {"emg": 1200, "angles": 120, "moments": 120}
    assert [one.seconds for one in progress] == [1.0]
    assert set(summary.moment_rms_nm) == {"shoulder", "elbow"}
    assert file.exists()


@pytest.mark.system
def test_a_clock_that_runs_ahead_stamps_ahead(
    make_config: MakeConfig, live_config: Config, wait_until: Callable[..., None]
) -> None:
    changed = live_config.simulation.model_copy(update={"clock_offset_s": 0.2})
    config = live_config.model_copy(update={"simulation": changed})
    source = make_sources(config, "zmq")["angles"]
    got: list[float] = []

    def some_came() -> bool:
        if (chunk := source.poll()) is not None:
            got.append(chunk.t[-1] - clock.now())
        return len(got) > 10

    with running(config, transport="zmq"), ExitStack() as opened:
        source.open()
        opened.callback(source.close)
        wait_until(lambda: some_came() and max(got) > 0.1)  # one that came without delay
    assert max(got) < 0.3


@pytest.mark.system
def test_zeromq_without_an_address_is_refused(make_config: MakeConfig) -> None:
    with pytest.raises(UserError, match=r"streams\.emg has no address"):
        run_lab(make_config(), transport="zmq", seconds=0.1)


def test_a_recording_holds_what_the_sensors_give(make_config: MakeConfig, tmp_path: Path) -> None:
    config, file = make_config(), tmp_path / "lab.npz"
    write_recording(config, 2.0, file, truth_file=tmp_path / "truth.json")
    block = Lab(config).block(2000)
    with np.load(file) as got:
        np.testing.assert_array_equal(got["emg"], block.emg.x)
        np.testing.assert_array_equal(got["q"], block.angles.x)
        np.testing.assert_array_equal(got["moment"], block.moments.x)
        np.testing.assert_allclose(np.diff(got["emg_time"]), 1e-3)
        np.testing.assert_allclose(np.diff(got["time"]), 1e-2)
        assert (got["emg_fs"], got["fs"]) == (1000, 100)
        assert list(got["emg_names"]) == config.streams.emg.channels
        assert got["valid"].all()
        assert str(got["unit"]) == "V"
    assert (tmp_path / "truth.json").exists()


def test_a_recording_needs_one_set_of_joints(make_config: MakeConfig, tmp_path: Path) -> None:
    moments = {"name": "m", "rate_hz": 200, "unit": "N*m", "channels": ["elbow"]}
    config = make_config(streams={"moments": moments}, model={"dofs": ["elbow"]})
    with pytest.raises(UserError, match=r"needs streams\.moments"):
        write_recording(config, 1.0, tmp_path / "lab.npz")
