"""What each table and column of a session holds, for people and for the site's reference."""

from __future__ import annotations

from daemon.session.schema import TABLES

_T = "Time on the LSL clock, s."
_BY = "Who asked for it, as the request said; proven by nothing."

MEANINGS: dict[str, tuple[str, dict[str, str]]] = {
    "session": (
        "each fact",
        {
            "key": "title, started, ended, t0, versions, machine, dofs, muscles, channels, config, "
            "model_sha256, lost_rows and others.",
            "value": "The fact; `t0` is the LSL clock when the session began, `started` the time "
            "of day, `config` the set-up as JSON, which has the model's path, `model_sha256` the "
            "hash of that file's content.",
        },
    ),
    "candidate": (
        "each update of the calibrator, adopted or not",
        {
            "id": "Names the update in other tables.",
            "t": _T,
            "version": "Parameter set in force after it.",
            "result": "What became of it, a word as in the status message.",
            "accepted": "1 if it was put in force.",
            "sentence": "What became of it, for people.",
            "loss": "Data loss of the candidate.",
            "error_before": "Relative error of the set in force on held-out data.",
            "error_after": "Relative error of the candidate on held-out data.",
            "seconds": "How long it took, s.",
            "steps": "AdamW steps.",
            "fallbacks": "Series that Newton left to the bracketed solver.",
            "reason": "Why the candidate was not put in force, a word; NULL where it was, or there "
            "was none.",
        },
    ),
    "candidate_rmse": (
        "each joint of an update",
        {
            "candidate": "The update's id.",
            "dof": "Joint.",
            "rmse": "RMSE of the set in force, N*m.",
        },
    ),
    "parameter": (
        "each parameter of each muscle that was tried; with reference = 'acceleration' also each "
        "number of each bone that was put in force, and after a rollback what it brought back",
        {
            "candidate": "The update's id.",
            "name": "Parameter, or number of a bone such as bone_mass.",
            "muscle": "Muscle, or bone.",
            "value": "Value in the parameter's unit, m or 1; a bone's relative to what was "
            "believed.",
            "deviation": "Its standard deviation in the same unit, of what was put in force only.",
            "standing": "Its identifiability, of what was put in force only.",
        },
    ),
    "drift": (
        "each muscle and second once the person is found; muscles that share a strength together, "
        "with +",
        {
            "t": _T,
            "muscle": "Muscle, or muscles.",
            "factor": "Force for a given EMG, over that of the baseline set.",
            "deviation": "Its standard deviation, by what was known then.",
            "fibre_length": "Mean fibre length over the optimal one, weighed by activation.",
        },
    ),
    "drift_statistics": (
        "each second once the person is found",
        {
            "t": _T,
            "baseline": "Time since when the set is the baseline that moments are compared to, s.",
            "muscles": "Whose factors the statistics are of, in their order, as a JSON list.",
            "statistics": "What the second tells of the factors, then of an offset of each joint "
            "in N*m, as little-endian float32: length of what counted in s; sum of the squared "
            "reference; vector of the regressors' products with the reference; upper triangle of "
            "their products with each other, row by row. All is weighed by the residual's variance "
            "and correlation.",
        },
    ),
    "combination": (
        "two parameters that are not known by themselves but together are, of what was put in "
        "force",
        {
            "candidate": "The update's id.",
            "first": "One, as muscle:parameter; muscles that share it are joined by `+`.",
            "second": "The other.",
            "joining": "What is known of them: their `product` or their `sum`.",
            "value": "Product; sum of lengths, m, or of isometric forces, N.",
            "deviation": "Its standard deviation in the same unit.",
        },
    ),
    "residual": (
        "each second and joint",
        {"t": _T, "dof": "Joint.", "rmse": "RMSE of all rows with a reference, N*m."},
    ),
    "moment": (
        "each joint, 20 times a second",
        {
            "t": _T,
            "dof": "Joint.",
            "predicted": "Predicted moment, N*m.",
            "deviation": "Its standard deviation, N*m.",
            "reference": "Reference moment, N*m.",
        },
    ),
    "stiffness": (
        "each joint, 20 times a second",
        {
            "t": _T,
            "dof": "Joint.",
            "stiffness": "Stiffness of the model, N*m/rad, before what `output` limits and fades.",
        },
    ),
    "muscle": (
        "each muscle, at output.muscles_hz where that is above 0, at most 20 times a second",
        {
            "t": _T,
            "muscle": "Muscle.",
            "excitation": "After electromechanical delay and gain, 0 to 1.",
            "activation": "Activation, 0 to 1.",
            "force": "Force along the tendon, N.",
            "active_force": "What of it activation makes, N.",
            "passive_force": "What the stretched and damped fibre adds unasked, N.",
            "fibre_length": "Fibre length over the optimal one.",
            "fibre_velocity": "Fibre velocity over the maximum contraction velocity, positive "
            "while the fibre lengthens.",
            "tendon_strain": "Tendon strain, over the slack length.",
        },
    ),
    "muscle_moment": (
        "each muscle and joint that it crosses, with the table `muscle`",
        {
            "t": _T,
            "muscle": "Muscle.",
            "dof": "Joint.",
            "moment": "The muscle's share of the joint's moment, N*m.",
        },
    ),
    "backtest": (
        "each joint of a set that was kept as it was, and of the set in force, at each update, on "
        "data that neither has learnt from; the reference is a moment then",
        {
            "t": _T,
            "version": "Parameter set.",
            "since_t": "Time from which on it learnt nothing more, s; NULL of the set in force.",
            "dof": "Joint.",
            "rmse": "RMSE on the newest data, N*m.",
            "n": "Samples with reference behind it.",
        },
    ),
    "emg": (
        "each second and channel of raw EMG",
        {
            "t": _T,
            "channel": "EMG channel.",
            "amplitude_v": "RMS from 20 to 450 Hz without mains, V.",
            "median_hz": "Median frequency, Hz.",
            "quietest_v": "Lowest RMS of any 0.1 s of it, hum included, V.",
            "loudest_v": "Highest RMS of any 0.1 s of it, V.",
            "line_share": "Share of the power that stands out at 50 or 60 Hz and harmonics.",
            "motion_share": "Share of the power up to 450 Hz that is below 20 Hz.",
            "common_share": "Share of the power that another channel has too, in the same shape.",
            "common_with": "The channel that has most of it.",
        },
    ),
    "stream": (
        "each second and stream",
        {
            "t": _T,
            "stream": "Role of the stream.",
            "state": "RESOLVING, LIVE, STALE, LOST or ENDED.",
            "age_s": "Age of the newest sample, s.",
            "rate_hz": "Measured rate, Hz.",
            "received": "Samples so far.",
            "gaps": "Gaps so far.",
            "dropped": "Samples dropped so far.",
            "clock_offset_s": "Offset of the sender's clock, s.",
            "note": "What is wrong with it.",
        },
    ),
    "latency": (
        "each second",
        {
            "t": _T,
            "p50_ms": "Median from EMG sample to publication, ms.",
            "p99_ms": "99th percentile, ms.",
            "max_ms": "Largest, ms.",
            "ticks_expected": "Ticks that the rate asks for.",
            "ticks_published": "Moment messages sent.",
            "late": "Ticks that came more than one interval late.",
            "histogram": "Upper edge of each bin in ms, colon, count.",
        },
    ),
    "mark": ("each mark of an operator", {"t": _T, "text": "The remark.", "by": _BY}),
    "command": (
        "each other command that does more than ask",
        {
            "t": _T,
            "command": "The command.",
            "argument": "What it was given.",
            "ok": "1 if it was done.",
            "reply": "The sentence that answered it.",
            "by": _BY,
        },
    ),
    "mvc": (
        "each channel that a recorded MVC changed",
        {
            "t": _T,
            "channel": "EMG channel.",
            "before": "Old MVC in the unit of its envelope.",
            "after": "New MVC in the unit of its envelope.",
        },
    ),
    "event": (
        "what else happened: restarts, streams, electrodes, trust lost or earned",
        {
            "t": _T,
            "source": "Process, stream or channel that it happened to.",
            "kind": "What happened, a word.",
            "sentence": "What happened, for people.",
        },
    ),
}
"""Per table what a row is for, and what each column holds."""


def undescribed() -> list[str]:
    """Return the tables and columns of the schema that are not described, and the other way."""
    there = {f"{name}.{column.split()[0]}" for name, cols in TABLES.items() for column in cols}
    told = {f"{name}.{column}" for name, (_, columns) in MEANINGS.items() for column in columns}
    return sorted(there ^ told)
