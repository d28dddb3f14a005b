"""A model fitted by several processes is the one that a single one fits."""

from pathlib import Path

import pytest

from daemon.modelling.fit import fit_model

pytestmark = pytest.mark.system


def test_processes_fit_the_same(shared_cases: Path) -> None:
    pytest.importorskip("opensim", reason="opensim is not installed")
    told: list[tuple[str, float]] = []
    alone, together = (
        fit_model(
            shared_cases / "coupled_knee" / "knee.osim",
            ["knee_flexion"],
            samples=200,
            processes=processes,
            on_progress=lambda what, done: told.append((what, done)),
        )
        for processes in (1, 2)
    )
    assert together.model == alone.model
    assert ("Postures of the model", 1.0) in told
    assert told[-1] == ("Fitting muscles", 1.0)
