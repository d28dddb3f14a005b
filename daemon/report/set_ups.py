"""In what the set-ups of two sessions differ, so that something of them cannot be compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from daemon.report.channels import mvc_unit
from daemon.report.material import Material


def unlike(a: Material, b: Material) -> Iterator[str]:
    """Tell what is not the same in two sessions, the earlier first, in sentences."""
    if a.title != b.title:
        yield f"The set-ups differ: '{a.title}' and '{b.title}'."
    yield from _of_models(a, b)
    if mvc_unit(a) != mvc_unit(b):
        yield "Only one of the sessions has raw EMG, so the MVC cannot be compared."
    bare = any(not one.estimates for one in (a, b))
    kinds: tuple[tuple[str, set[str], set[str]], ...] = (
        # Muscles are known by their estimates, so a session without any says nothing of them.
        ("muscles", set() if bare else _muscles(a), set() if bare else _muscles(b)),
        ("joints", set(a.errors), set(b.errors)),
        ("EMG channels", set(a.emg), set(b.emg)),
    )
    for what, before, after in kinds:
        for names, which in ((before - after, "first"), (after - before, "second")):
            if names:
                yield f"Only the {which} session has the {what} {', '.join(sorted(names))}."
    if bare:
        yield "A session without an adopted update has no parameters to compare."


def _of_models(a: Material, b: Material) -> Iterator[str]:
    """Tell whether the model files are the same, wherever they lie."""
    names = [PurePath(one.model.file).name for one in (a, b)]
    known = a.model.sha256 and b.model.sha256
    if known and a.model.sha256 == b.model.sha256:
        return
    if not known and names[0] == names[1]:
        yield (
            f"Whether the models are the same is told from the file's name ({names[0]}) only: a "
            "session keeps what the file held since this version, and one of these is older."
        )
        return
    shown = names if names[0] != names[1] else [a.model.file, b.model.file]
    which = f"{shown[0]}, {shown[1]}" if shown[0] != shown[1] else f"{shown[0]} has changed"
    yield f"The models differ ({which}), and so may what values refer to."


def _muscles(material: Material) -> set[str]:
    return set(material.estimates.get("optimal_fibre_length", ())) | set(
        material.estimates.get("strength", ())
    )
