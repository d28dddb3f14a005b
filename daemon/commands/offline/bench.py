"""`hillstream bench`: how fast this machine is at what hillstream does all day."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from daemon.commands.common import Number, examples
from daemon.terminal.console import (
    console_for,
    json_option,
    progress_bar,
    progress_of_stages,
    say,
    write_json,
)
from daemon.terminal.curves import curves as curve_option
from daemon.terminal.table import table
from pipeline.errors import needing
from pipeline.model.curve_choice import PUBLISHED, CurveChoice

_device = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to compute.",
)
_threads = click.option(
    "--threads",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processor threads.",
)


@click.group(
    epilog=examples(
        "Example:  hillstream bench latency --json latency.json",
        "          hillstream bench footprint --json footprint.json",
        "          hillstream bench solver --json solver.json",
        "          hillstream bench web --chromium --json web.json",
        "Next:     hillstream doctor    if the figures surprise you",
    )
)
def bench() -> None:
    """Measure hillstream's speed on this machine."""


@bench.command()
@click.option(
    "--seconds",
    type=Number(min=2),
    default=60.0,
    show_default=True,
    help="How long each set-up is measured, after 5 s to settle.",
)
@click.option("--channels", type=click.IntRange(1, 512), help="EMG channels of the only set-up.")
@click.option("--muscles", type=click.IntRange(1, 200), help="Muscles of the only set-up.")
@click.option(
    "--priority",
    type=click.IntRange(0, 90),
    default=0,
    show_default=True,
    help="Real-time priority, as realtime.priority in a configuration; 0 is none.",
)
@json_option()
def latency(
    seconds: float,
    channels: int | None,
    muscles: int | None,
    priority: int,
    json_file: str | None,
) -> None:
    """Measure the time from EMG sample to moment.

    The whole daemon, its calibrator always busy, on streams of a sender that is a process of its
    own: EMG sample by sample at 1 kHz over LSL, angles at 100 Hz, the model at 200 Hz, and a
    subscriber over ZeroMQ. Measured from the newest EMG sample's time stamp to when its moment has
    been handed over, stage by stage, and to when the subscriber has it.

    Without --channels and --muscles two set-ups are measured: 16 channels with 16 muscles, and 64
    with 40. What other programs take of the processor is told beside.
    """
    from daemon.bench.latency.measure import SIZES, bench_latency
    from daemon.bench.latency.setup import Size

    sizes = SIZES
    if channels or muscles:
        sizes = (Size(channels or SIZES[0].channels, muscles or SIZES[0].muscles),)
    with progress_bar("Measuring") as update:
        result = bench_latency(sizes, seconds, {"priority": priority}, update)
    console = console_for(json_file)
    for run in result["runs"]:
        console.print(_latency_table(run))
        say(_latency_sentences(run), json_file)
    say(f"{result['machine']}, {result['cores']} cores.", json_file)
    write_json(json_file, result)


@bench.command()
@_device
@_threads
@click.option(
    "--curves",
    type=curve_option,
    multiple=True,
    help="Measure this curve set beside the default; several times for several.",
)
@click.option(
    "--subjects",
    default="1,16",
    show_default=True,
    callback=lambda _context, _option, text: _numbers(text),
    help="Numbers of subjects to calibrate side by side, such as 1,16,256,4096.",
)
@json_option()
def solver(
    device: str,
    threads: int,
    curves: tuple[CurveChoice, ...],
    subjects: tuple[int, ...],
    json_file: str | None,
) -> None:
    """Measure one step of the calibration.

    One AdamW iteration of the trajectory solver against the same muscle model stepped through time
    in torch's autograd, and what it costs as the problem doubles. With --curves instead what an
    iteration takes with curve sets and with rigid tendons, relative to the default.
    """
    from daemon.bench.curves import bench_curves
    from daemon.bench.solver import bench_solver

    if curves:
        with progress_bar("Measuring") as update:
            result = bench_curves(curves, device, threads, lambda _, done: update(done))
        console_for(json_file).print(_curve_table(result))
        say(f"{result['machine']}, {result['device']}, {threads} thread(s).", json_file)
        write_json(json_file, result)
        return
    with progress_bar("Measuring") as update:
        result = bench_solver(device, threads, lambda _, done: update(done), subjects)
    console = console_for(json_file)
    console.print(_table(result))
    console.print(_subjects_table(result))
    say(f"{result['machine']}, {result['device']}, {threads} thread(s).", json_file)
    write_json(json_file, result)


@bench.command()
@json_option()
def synthesis(json_file: str | None) -> None:
    """Measure the synthesis of excitations at a tick.

    16 channels, 3 of them without electrode, 8 synergies: an ordinary tick, and the one at which
    an electrode comes off.
    """
    from daemon.bench.synthesis import bench_synthesis

    with progress_bar("Measuring") as update:
        result: Mapping[str, Any] = bench_synthesis(update)
    figures = ("p50", "p99", "max")
    rows = (
        (name, *(f"{result[key][figure]:.3f}" for figure in figures))
        for name, key in (("a tick", "tick_ms"), ("an electrode comes off", "switch_ms"))
    )
    console_for(json_file).print(table(["ms"], figures, rows))
    say(f"{result['machine']}, numpy {result['numpy']}.", json_file)
    write_json(json_file, result)


@bench.command()
@json_option()
def muscles(json_file: str | None) -> None:
    """Measure what stiffness and the message on the muscles add to a tick.

    16 muscles over the arm's joints at 200 Hz: a tick that computes moments alone, and one with the
    joints' stiffness, what each muscle does, and its message over ZeroMQ. The two take turns.
    """
    from daemon.bench.muscles import bench_muscles

    with progress_bar("Measuring") as update:
        result: Mapping[str, Any] = bench_muscles(update)
    names = {
        "plain": "a tick of moments alone",
        "computed": "stiffness and muscles add",
        "published": "their message adds",
        "added": "together they add",
    }
    rows = (
        (name, *(f"{result['ms'][key][figure]:.3f}" for figure in ("p50", "p99")))
        for key, name in names.items()
    )
    console_for(json_file).print(table(["ms"], ("p50", "p99"), rows))
    say(
        f"{result['muscles']} muscles, {result['joints']} joints; {result['machine']}, torch "
        f"{result['torch']}.",
        json_file,
    )
    write_json(json_file, result)


@bench.command()
@_device
@_threads
@click.option(
    "--session-seconds",
    type=Number(min=0),
    default=30.0,
    show_default=True,
    help="How long a live run is watched for the growth of its session; 0 for none.",
)
@json_option()
def scale(device: str, threads: int, session_seconds: float, json_file: str | None) -> None:
    """Measure what each further person, muscle or second costs.

    Time and memory of an iteration of the calibration as people, muscles, the window and joints
    grow, of a whole update as its steps do, and the bytes of the link and of a session. Each with
    the line through it. On one thread it is processor time, which other programs hardly change.
    Takes about two minutes.
    """
    from daemon.bench.scale import bench_scale

    with progress_of_stages("people") as update:
        result = bench_scale(device, threads, session_seconds, update)
    console_for(json_file).print(_growth_table(result["slopes"]))
    say(_scale_sentences(result), json_file)
    write_json(json_file, result)


@bench.command()
@click.option(
    "--seconds",
    type=Number(min=2),
    default=60.0,
    show_default=True,
    help="How long each load and latency is measured, after 5 s to settle; memory and one "
    "processor are measured for five times as long.",
)
@click.option(
    "--only",
    type=click.Choice(["start", "load", "latency", "speed", "memory", "one-core"]),
    multiple=True,
    help="Measure this part; several times for several.",
)
@click.option(
    "--walking",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Recording of walking for the shipped set-up, with cycles; without it one is simulated.",
)
@json_option()
def footprint(
    seconds: float, only: tuple[str, ...], walking: Path | None, json_file: str | None
) -> None:
    """Measure what hillstream takes of this machine.

    Time from the shell, load of the predictor, latency with a real-time priority and without,
    speed of a score and of an update, memory, and a run on one processor with 2 GB, each beside
    what is wanted. Takes about a quarter of an hour, on a machine on which nothing else runs.
    """
    from daemon.bench.footprint.run import footprint as measure

    with progress_of_stages("start") as update:
        result = measure(seconds, seconds / 12, only, walking, update)
    console = console_for(json_file)
    console.print(_footprint_table(result))
    say(f"{result['machine']}, {result['cores']} cores.", json_file)
    write_json(json_file, result)


@bench.command()
@click.option(
    "--browsers",
    type=click.IntRange(2, 32),
    default=10,
    show_default=True,
    help="How many look at most.",
)
@click.option(
    "--seconds",
    type=Number(min=2),
    default=60.0,
    show_default=True,
    help="How long each is measured, after 5 s to settle.",
)
@click.option(
    "--chromium",
    is_flag=True,
    help="Show the page in a real browser too (pip install playwright, apt install chromium).",
)
@click.option(
    "--minutes",
    type=Number(min=0.05),
    default=5.0,
    show_default=True,
    help="How long the real browser shows it.",
)
@json_option()
def web(
    browsers: int, seconds: float, chromium: bool, minutes: float, json_file: str | None
) -> None:
    """Measure what the cockpit takes.

    The whole daemon as for the arm, ten channels and four joints, its calibrator always busy:
    without the cockpit, with one browser, and with many, which read as the page does. How late
    moments come, what the server takes of the machine, and with --chromium for how long a real
    page keeps its browser busy in one go, the calibrator at its usual pace. On a machine on which
    nothing else runs.
    """
    with needing("The page", "web"):
        from daemon.bench.web.measure import bench_web
    with progress_of_stages("0 browsers") as update:
        result = bench_web(browsers, seconds, minutes if chromium else 0.0, update)
    console_for(json_file).print(_footprint_table(result))
    say(f"{result['machine']}, {result['cores']} cores.", json_file)
    write_json(json_file, result)


def _footprint_table(result: Mapping[str, Any]) -> Table:
    figures = [one for part in result["parts"].values() for one in part["figures"]]
    rows = (
        (
            one["name"],
            "yes" if one["reached"] else f"no; {one['in_the_way']}".rstrip("; "),
            f"{one['value']:.3g} {one['unit']}".rstrip(),
            f"{'>=' if one['at_least'] else '<='} {one['target']:g}",
        )
        for one in figures
    )
    return table(["", "reached"], ("measured", "wanted"), rows)


def _growth_table(slopes: Mapping[str, Any]) -> Table:
    rows = []
    for name, axis in slopes.items():
        time, memory = axis["seconds"], axis["mb"]
        spread = f"{1e3 * time['slope']:.3g} +- {1e3 * time['slope_sd']:.1g}"
        power = f"{time['power']:.2f} +- {time['power_sd']:.2f}"
        each = f"{memory['slope']:.3g} +- {memory['slope_sd']:.1g}" if memory else "not told"
        for number, point in enumerate(axis["points"]):
            told = (f"{1e3 * point['seconds']:.1f}", f"{point['mb']:.1f}")
            fit = ("", "", "") if number else (spread, power, each)
            rows.append((name, f"{point['x']:g}", *told, *fit))
    titles = ("", "ms", "MB", "ms each", "power", "MB each")
    return table(["an iteration"], titles, rows)


def _scale_sentences(result: Mapping[str, Any]) -> str:
    update, link, session = result["update"], result["link"], result["session"]
    line, bytes_ = update["seconds"], link["bytes_per_s"]
    told = [
        f"An update of {update['muscles']} muscles: {1e3 * line['fixed']:.0f} ms and "
        f"{1e3 * line['slope']:.1f} ms a step, {update['steps']} steps as configured.",
        f"The link, {link['rate_hz']:g} rows a second of {link['joints']} joints: "
        f"{1e-3 * bytes_['fixed']:.1f} kB/s and {1e-3 * bytes_['slope']:.2f} kB/s a muscle.",
    ]
    if session:
        size = 1e-6 * session["bytes_per_min"]
        spread = 1e-6 * session["bytes_per_min_sd"]
        told.append(
            f"A session of {session['muscles']} muscles: {size:.2f} +- {spread:.1g} MB a minute."
        )
    told.append(
        f"{result['machine']}, {result['cores']} cores, {result['memory_gb']:.0f} GB, "
        f"{result['device']}, {result['threads']} thread(s), {result['clock']} time; "
        f"it had {result['share']:.2f} processors."
    )
    return "\n".join(told)


def _table(result: Mapping[str, Any]) -> Table:
    rows = (
        (
            problem,
            f"{ms['solver']:.1f}",
            f"{ms['stepwise']:.0f}",
            f"{ms['stepwise'] / ms['solver']:.0f}",
        )
        for problem, ms in result["ms"].items()
    )
    return table(["one AdamW iteration"], ("trajectory, ms", "stepwise, ms", "ratio"), rows)


def _numbers(text: str) -> tuple[int, ...]:
    """Return whole numbers above zero, written with commas between them."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and int(part) > 0 for part in parts):
        raise click.BadParameter(f"'{text}' is no list of numbers from 1 on, such as 1,16,256.")
    return tuple(dict.fromkeys(map(int, parts)))


def _subjects_table(result: Mapping[str, Any]) -> Table:
    """Return the times by number of subjects; replayed only where CUDA was measured."""
    ways = {"subjects_ms": "ms", "subjects_replayed_ms": "replayed, ms"}
    known = [name for name in ways if name in result]
    rows = (
        (number, *(f"{result[name][number]:.1f}" for name in known), f"{ms / int(number):.3f}")
        for number, ms in result[known[-1]].items()
    )
    heads = (*(ways[name] for name in known), "ms per subject")
    return table(["subjects side by side"], heads, rows)


def _curve_table(result: Mapping[str, Any]) -> Table:
    problems = result["curves_ms"]
    rows = (
        (
            name,
            *(f"{ms[name]:.1f} ({ms[name] / ms[str(PUBLISHED)]:.2f})" for ms in problems.values()),
        )
        for name in next(iter(problems.values()))
    )
    heads = [f"{problem}, ms (of the default)" for problem in problems]
    return table(["one AdamW iteration"], heads, rows)


def _latency_table(run: Mapping[str, Any]) -> Table:
    figures = ("p50", "p99", "p999", "max")
    title = f"{run['channels']} channels, {run['muscles']} muscles, ms"
    times = run["stages_ms"] | {
        "all, until handed over": run["latency_ms"],
        "until the subscriber has it": run["reception_ms"],
    }
    rows = ((name, *(f"{ms[figure]:.2f}" for figure in figures)) for name, ms in times.items())
    return table([title], ("p50", "p99", "p99.9", "max"), rows)


def _latency_sentences(run: Mapping[str, Any]) -> str:
    ticks = run["ticks"]
    shares = ", ".join(f"{name} {share:.0f}" for name, share in run["cpu_percent"].items())
    return (
        f"{ticks['missed']} of {ticks['expected']} ticks missed, {ticks['late']} later than the "
        f"next one.\nPercent of one processor: {shares}.\n"
        f"{run['in_the_way'] or 'All that is wanted was reached'}.\n"
    )
