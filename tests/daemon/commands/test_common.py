import importlib
import json
import os
import signal
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from daemon.commands.common import recording_of, stop_on_signals
from daemon.config.recording import RecordingConfig
from daemon.terminal.console import duration, write_json
from pipeline.errors import UserError


def test_json_holds_no_nan_and_no_leftovers(tmp_path):
    file = tmp_path / "result.json"
    write_json(str(file), {"rmse": {"knee": [float("nan"), 1.0]}, "sd": np.array([1.0, np.inf])})
    assert json.loads(file.read_text()) == {"rmse": {"knee": [None, 1.0]}, "sd": [1.0, None]}
    assert os.listdir(tmp_path) == ["result.json"]


def test_an_older_result_survives_when_the_new_one_cannot_be_written(tmp_path):
    file = tmp_path / "result.json"
    write_json(str(file), {"version": 1})
    with pytest.raises(TypeError):
        write_json(str(file), {"version": object()})
    assert json.loads(file.read_text()) == {"version": 1}
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_dash_writes_json_to_stdout(capsys):
    write_json("-", {"messages": 3})
    assert json.loads(capsys.readouterr().out) == {"messages": 3}


def test_a_result_that_could_not_be_written_is_refused_before_the_work(hillstream, tmp_path):
    result = hillstream("listen", "--json", tmp_path / "nowhere" / "a.json", "--seconds", "60")
    assert result.exit_code == 2
    assert "--json" in result.output


def test_a_result_that_takes_the_place_of_another_says_so(hillstream, tmp_path):
    (tmp_path / "there.json").write_text("{}")
    told = hillstream("score", "arm", tmp_path / "no.npz", "--json", tmp_path / "there.json")
    assert "there.json' is there and will be replaced" in told.stderr
    told = hillstream("score", "arm", tmp_path / "no.npz", "--json", tmp_path / "new.json")
    assert "replaced" not in told.stderr


def test_the_first_signal_asks_and_the_second_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with stop_on_signals() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.wait(5)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_work_that_bounds_its_own_end_is_not_interrupted():
    with stop_on_signals(interrupts=False) as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.wait(5)
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize(
    ("options", "seconds"), [([], 60.0), (["--web"], None), (["--web", "--seconds", "9"], 9.0)]
)
def test_a_demonstration_with_a_page_has_no_end_of_its_own(
    hillstream, monkeypatch, options, seconds
):
    asked = []
    run = importlib.import_module("daemon.commands.live.run")
    monkeypatch.setattr(run, "_page_beside", lambda *_: nullcontext())
    monkeypatch.setattr(run, "_watched", lambda *given, **_: asked.append(given))
    assert hillstream("demo", *options).exit_code == 0
    assert asked[0][3] == seconds


def test_a_signal_that_comes_while_the_event_is_looked_at_holds_nothing_up():
    with stop_on_signals() as stop:
        with stop._cond:  # as inside stop.wait()
            signal.raise_signal(signal.SIGTERM)
        assert stop.wait(5)


def test_an_interrupt_ends_a_command_with_status_130(hillstream, monkeypatch, tmp_path):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.streams.recordings.load.load_recording", interrupted)
    assert hillstream("play", tmp_path / "r.npz").exit_code == 130


def test_a_user_error_is_a_sentence_on_stderr(hillstream, monkeypatch, tmp_path):
    def refused(*_):
        raise UserError("The recording is from another planet; give one from here.")

    monkeypatch.setattr("pipeline.streams.recordings.load.load_recording", refused)
    result = hillstream("play", tmp_path / "r.npz")
    assert result.exit_code == 2
    assert result.stderr == "Error: The recording is from another planet; give one from here.\n"


@pytest.mark.parametrize(("seconds", "shown"), [(0.4, "0:00"), (83.9, "1:23"), (3723.0, "1:02:03")])
def test_a_duration_reads_like_a_clock(seconds, shown):
    assert duration(seconds) == shown


def test_a_set_up_remembers_its_recording_until_another_is_named(tmp_path):
    remembered = RecordingConfig(emg=[Path("e.sto")], angles=[Path("a.mot")]).beside(tmp_path)
    (source,) = recording_of((), remembered, emg=(), angles=(), moments=())
    assert [part.text for part in source.given] == [
        str(tmp_path / "e.sto"),
        str(tmp_path / "a.mot"),
    ]
    assert recording_of((Path("b.npz"),), remembered) == (Path("b.npz"),)
    with pytest.raises(UserError, match=r"under \[recording\]"):
        recording_of((), RecordingConfig())


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_set_up_that_stands_where_web_takes_an_address_is_refused(hillstream, command: str):
    result = hillstream(command, "--web", "arm", *(["arm"] if command == "run" else []))
    assert result.exit_code == 2
    assert "--web 'arm' is no address" in result.output
    assert "moment" not in result.output
