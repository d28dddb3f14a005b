"""One session of the study, from the lab to the verdicts.

The muscles' drift depends on the rows and the baseline alone, so the calibrator rests once there is
a baseline: the verdicts are the same, and a session costs much less. ``--whole`` lets it go on, to
see that they are.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from daemon.assembly.calibrator import build_calibrator
from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.recordings import known_streams
from daemon.assembly.streams import stream_specs
from daemon.assembly.subject import starting_subject
from daemon.config import Config
from daemon.ipc.messages import UpdateMessage
from daemon.report.fatigue import assess
from daemon.report.material import load
from daemon.report.verdict import FatigueVerdict, Kind
from daemon.session.log import SessionLog, about
from daemon.session.recorder import recorder_of
from daemon.simulation.recording import write_recording
from pipeline.model.arithmetic import set_up_arithmetic
from pipeline.streams.recordings.load import load_recording
from pipeline.streams.recordings.replay import replay
from tools.studies.fatigue.scenes import Scene

_SLICE_S = 1.0


def lived(config: Config, recording: Path, session: Path, whole: bool) -> None:
    """Let a recording pass through the pipeline and the calibrator; write the session."""
    set_up_arithmetic(config.calibrator.threads)
    subject = starting_subject(config, model_in_use(config))
    pipeline, calibrator = build_pipeline(config, subject), build_calibrator(config, subject)
    recorded, baseline = load_recording(recording, known_streams(config)), False
    with SessionLog(session, about(config, subject.muscles)) as log:
        recorder = recorder_of(config, log, subject.muscles)
        for chunk in replay(recorded, stream_specs(config), _SLICE_S):
            pipeline.push(chunk)
            if chunk.stream == "emg":
                recorder.emg(chunk.t, chunk.x)
            pipeline.predict()
            paired = pipeline.pair()
            if paired is not None:
                calibrator.add(paired.rows)
            if calibrator.due():
                update = calibrator.skip() if baseline and not whole else calibrator.update()
                baseline = baseline or update.drift is not None
                recorder.update(UpdateMessage.of(update))


def one(config: Config, scene: Scene, keep: Path | None, whole: bool, seed: int) -> dict[str, Any]:
    """Simulate, live through and judge one session; return what was found beside the truth.

    Parameters
    ----------
    config
        The set-up, which knows nothing of what happens.
    keep
        Folder in which recording and session are kept, and taken from where they are there.
    """
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        name = f"{scene.name}-{seed}"
        recording, session = folder / f"{name}.npz", folder / f"{name}.db"
        if not recording.exists():
            write_recording(scene.config(config, seed), scene.seconds, recording)
        if not session.exists():
            lived(config, recording, session, whole)
        verdicts = assess(load(session))
    return {"scene": scene.name, "seed": seed, **figures(scene, verdicts)}


def flagged(verdicts: list[FatigueVerdict], kind: Kind) -> list[str]:
    """Return the muscles of which that is said."""
    return [verdict.muscle for verdict in verdicts if verdict.kind is kind]


def figures(scene: Scene, verdicts: list[FatigueVerdict]) -> dict[str, Any]:
    """Return what was found, beside the truth."""
    by_name = {verdict.muscle: verdict for verdict in verdicts}
    return {
        "tired": [_tired(truth, by_name[truth.muscle]) for truth in scene.fatigue],
        "fatigue": flagged(verdicts, Kind.FATIGUE),
        "electrode": flagged(verdicts, Kind.ELECTRODE),
        "unexplained": flagged(verdicts, Kind.UNEXPLAINED),
        "not_identifiable": flagged(verdicts, Kind.NOT_IDENTIFIABLE),
        "together": [one.muscle for one in verdicts if one.together],
        "gains": [one.channel for one in scene.gain_change],
        "verdicts": [verdict.figures() for verdict in verdicts],
    }


def _tired(truth: Any, verdict: FatigueVerdict) -> dict[str, Any]:
    """Return what was found of a muscle that tired."""
    change = verdict.evidence.change if verdict.evidence else None
    found = {
        "muscle": truth.muscle,
        "true_loss": truth.strength_loss,
        "true_onset_s": truth.start_s,
        "true_regained": truth.strength_loss * truth.recovery,
        "kind": verdict.kind,
        "together": verdict.together,
    }
    if change is None:
        return found | {"loss": None, "onset_s": None, "regained": None}
    back = change.regained
    return found | {
        "loss": -change.share.value,
        "interval": [-change.share.high, -change.share.low],
        "onset_s": change.onset[0],
        "onset_interval_s": list(change.onset[1:]),
        "regained": 0.0 if back is None else back.value,
    }
