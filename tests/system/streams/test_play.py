"""Playing a recording on real LSL and ZeroMQ; channel 0 counts samples."""

import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from xdf_writer import write_xdf

from daemon.simulation.play import play_recording
from pipeline.errors import UserError
from pipeline.streams import clock
from pipeline.streams.base import SourceState, StreamSpec
from pipeline.streams.lsl.source import LslSource
from pipeline.streams.recordings.recording import RecordedStream, Recording
from pipeline.streams.zeromq.source import ZmqSource

pytestmark = pytest.mark.system
N = 200
T = 40.0 + np.arange(N) / 100.0
MOMENT = np.where(np.arange(N) % 5, np.arange(N, dtype=float), np.nan)[:, None]
RECORDING = Recording(
    "r",
    {
        "emg": RecordedStream(("count",), "mV", 100.0, T, np.arange(N, dtype=float)[:, None]),
        "moments": RecordedStream(("knee",), "N*m", 100.0, T, MOMENT),
        "accelerations": RecordedStream(("knee",), "deg/s^2", 100.0, T, np.full((N, 1), 180.0)),
    },
)
EMG = StreamSpec("emg", ("count",), 100.0)
ACCELERATIONS = StreamSpec("accelerations", ("knee",), 100.0)
MOMENTS = StreamSpec("moments", ("knee",), 100.0, keep_nonfinite=True)


class Player(threading.Thread):
    """Plays in the background until told to stop."""

    def __init__(self, **options):
        super().__init__()
        self.stop = threading.Event()
        self.options = options
        self.progress = []

    def run(self):
        self.summary = play_recording(
            RECORDING, stop=self.stop, on_progress=self.progress.append, **self.options
        )


@pytest.fixture
def play():
    players = []

    def start(**options):
        player = Player(**options)
        players.append(player)
        player.start()
        return player

    yield start
    for player in players:
        player.stop.set()
        player.join()


@pytest.fixture
def listen(play):
    """Listen with a source; sources close before the player's outlets."""
    sources = []

    def start(source):
        sources.append(source)
        source.open()
        return source

    yield start
    for source in sources:
        source.close()


def gather(source, wait_until, n):
    chunks = []

    def enough():
        if chunk := source.poll():
            chunks.append(chunk)
        return sum(len(chunk.t) for chunk in chunks) >= n

    wait_until(enough)
    return np.concatenate([c.t for c in chunks]), np.concatenate([c.x for c in chunks])


def test_a_looped_recording_comes_over_lsl_on_time_and_in_si(unique_name, play, listen, wait_until):
    emg = listen(LslSource(EMG, name=f"{unique_name}-emg", stale_after_s=5.0))
    moments = listen(LslSource(MOMENTS, name=f"{unique_name}-moments"))
    accelerations = listen(LslSource(ACCELERATIONS, name=f"{unique_name}-accelerations"))
    play(prefix=unique_name, loop=True)
    t, x = gather(emg, wait_until, 250)
    counts = np.rint(x[:, 0] * 1e3)
    assert_array_equal(np.diff(counts) % N, 1)
    assert_allclose(np.diff(t), 0.01, atol=1e-6)
    assert abs(t[-1] - clock.now()) < 1.0
    health = emg.health(clock.now())
    assert (health.gaps, health.out_of_order, health.state) == (0, 0, SourceState.LIVE)
    t_ref, reference = gather(moments, wait_until, 20)
    nearest = np.searchsorted(t, t_ref - 1e-4)
    shared = nearest < len(t)
    expected = MOMENT[counts[nearest[shared]].astype(int)]
    assert_array_equal(reference[shared], expected)
    assert_allclose(gather(accelerations, wait_until, 20)[1], np.pi)


def addresses(own):
    """Return an address for each stream; one that is heard later needs others than one before."""
    return {key: f"{own}-{key}" for key in RECORDING.streams}


def test_a_recording_ends_and_says_what_was_sent(ipc_address, play, listen, wait_until):
    player = play(transport="zmq", addresses=addresses(ipc_address), seconds=1.0)
    player.join()
    source = listen(ZmqSource(EMG, address=f"{ipc_address}-again-emg"))
    play(transport="zmq", addresses=addresses(f"{ipc_address}-again"), loop=True)
    _, x = gather(source, wait_until, 50)
    assert_array_equal(np.diff(np.rint(x[:, 0] * 1e3)) % N, 1)
    assert player.summary.samples == dict.fromkeys(RECORDING.streams, 100)
    assert player.progress == sorted(player.progress)
    assert player.progress[-1] == 1.0


def test_a_faster_recording_has_a_higher_rate(ipc_address, play, listen, wait_until):
    player = play(transport="zmq", addresses=addresses(ipc_address), speed=4.0)
    player.join()
    faster = StreamSpec("emg", ("count",), 400.0)
    source = listen(ZmqSource(faster, address=f"{ipc_address}-again-emg"))
    play(transport="zmq", addresses=addresses(f"{ipc_address}-again"), speed=4.0, loop=True)
    t, _ = gather(source, wait_until, 50)
    assert_allclose(np.diff(t), 0.0025, atol=1e-9)
    assert player.summary.samples == dict.fromkeys(RECORDING.streams, N)


def test_playing_stops_when_told(unique_name, play, wait_until):
    player = play(prefix=unique_name, loop=True)
    wait_until(lambda: player.progress)
    player.stop.set()
    player.join()
    assert player.summary.samples["emg"] < N


def test_a_speed_of_nothing_is_refused():
    with pytest.raises(UserError, match="The speed is 0"):
        play_recording(RECORDING, speed=0.0)


def test_play_takes_what_a_recording_does_not_say_from_a_set_up(hillstream, tmp_path, unique_name):
    x = np.sin(T)[:, None] * np.ones(10)
    bare = {"name": "Trigno", "type": "EMG", "channels": [], "unit": "", "rate_hz": 100}
    write_xdf(tmp_path / "r.xdf", [bare | {"t": T[:20], "x": x[:20]}])
    alone = hillstream("play", tmp_path / "r.xdf", "--prefix", unique_name)
    assert alone.exit_code != 0
    assert "[streams.emg] unit in a configuration" in " ".join(alone.output.split())
    played = hillstream("play", tmp_path / "r.xdf", "--prefix", unique_name, "--config", "arm")
    assert played.exit_code == 0, played.output
    assert "taken in the set-up's order: DELT1," in " ".join(played.output.split())
    assert "samples sent: 20 of emg" in played.output
