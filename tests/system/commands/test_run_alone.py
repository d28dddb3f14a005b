"""`hillstream run` where senders are missing or have gone: the result is there all the same."""

import json
import threading
from contextlib import ExitStack, closing

import numpy as np
import pytest

from daemon.config import load_config
from pipeline.streams import clock
from pipeline.streams.lsl.outlet import LslOutlet

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture
def set_up(changed_config, unique_name, ipc_address):
    output = f'[output]\nzmq = "{ipc_address}"\nlsl = false\n'
    control = f'[control]\naddress = "{ipc_address}-control"\n'
    return changed_config("walking", {'"hillstream-': f'"{unique_name}-'}, output + control)


@pytest.fixture
def run(hillstream, set_up, tmp_path):
    """Run the daemon for some seconds; return the command's result and the JSON's."""

    def make(seconds):
        file = tmp_path / "result.json"
        options = ("--headless", "--no-session", "--seconds", seconds, "--json", file)
        done = hillstream("run", set_up, *options)
        return done, json.loads(file.read_text())

    return make


def test_without_any_sender_the_result_is_written_and_the_exit_status_says_so(run, unique_name):
    done, result = run(4)
    assert done.exit_code == 1, done.output
    assert "No moment was predicted in this run" in done.output
    # On a busy machine the first look may not be over.
    told = (f"LSL stream '{unique_name}-emg' is not on the network.", "emg stream is RESOLVING.")
    assert any(sentence in done.output for sentence in told)
    assert (result["moments_predicted"], result["restarts"]["predictor"]) == (0, 0)
    assert set(result["streams"]) == {"emg", "angles", "moments"}


def test_senders_that_stop_first_do_not_hold_up_the_end(run, set_up):
    streams = load_config(set_up).streams
    ended = threading.Event()

    def send_for_a_while():
        with ExitStack() as stack:
            outlets = {}
            for key in ("emg", "angles"):
                wanted = getattr(streams, key)
                sent = (tuple(wanted.channels), wanted.unit, wanted.rate_hz)
                outlets[key] = stack.enter_context(
                    closing(LslOutlet(wanted.name, "Test", *sent, f"{wanted.name}-id"))
                )
            begun = clock.now()
            while (sent_s := clock.now() - begun) < 20.0 and not ended.wait(0.01):
                for key, outlet in outlets.items():
                    width = len(getattr(streams, key).channels)
                    outlet.push(
                        np.array([clock.now()]), 0.3 + 0.2 * np.sin(sent_s + np.arange(width))[None]
                    )

    sender = threading.Thread(target=send_for_a_while)
    sender.start()
    try:
        done, result = run(30)
    finally:
        ended.set()
        sender.join()
    assert done.exit_code == 0, done.output
    assert result["moments_predicted"] > 0
    assert {result["streams"][key]["state"] for key in ("emg", "angles")} == {"LOST"}
