"""Many calibrations at once, against each by itself."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_lab import lab_in

from daemon.config import Config
from daemon.offline import together
from daemon.offline.calibrate import CalibrationRequest, calibrate
from daemon.offline.together import Member, calibrate_together
from daemon.simulation.recording import write_recording
from pipeline.calibrate.batch.side_by_side import Together
from pipeline.calibrate.loss import Trials
from pipeline.errors import UserError

SECONDS = 8.0


class Lab:
    """Recordings of small arms, and members to calibrate on them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.make: Callable[..., Config] = lab_in(folder)

    def member(self, seed: int, stop: float = 6.5, **changes: object) -> Member:
        simulation = {"seed": seed, "strength": {"biceps": 1.0 + 0.2 * seed}}
        config = self.make(simulation=simulation)
        file = self._folder / f"{seed}.npz"
        if not file.exists():
            write_recording(config, SECONDS, file)
        request = CalibrationRequest([file], "seconds", [(2.0, 3.0), (4.0, stop)], **changes)
        return Member(f"person {seed}", config, request)


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Lab:
    return Lab(tmp_path_factory.mktemp("arms"))


def test_each_member_comes_to_what_it_comes_to_alone(lab):
    members = [lab.member(1), lab.member(2, stop=5.5), lab.member(3)]
    seen = []
    found = calibrate_together(members, lambda done, loss: seen.append((done, loss)))
    for outcome, member in zip(found, members, strict=True):
        assert not isinstance(outcome, UserError)
        subject, result = outcome
        alone, expected = calibrate(member.config, member.request)
        for name, values in subject.values().items():
            np.testing.assert_allclose(values, alone.values()[name], rtol=1e-3)
        assert result.keys() == expected.keys()
        assert result["loss"] == pytest.approx(expected["loss"], rel=1e-2)
        assert result["recordings"] == expected["recordings"]
        assert result["start"] == expected["start"]
        assert result["delay_s"] == pytest.approx(expected["delay_s"], abs=1e-4)
        for score in ("calibration", "heldout"):
            for dof, rmse in result[score]["rmse"].items():
                assert rmse == pytest.approx(expected[score]["rmse"][dof], rel=1e-2)
    done = [fraction for fraction, _ in seen]
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1.0)
    assert np.isfinite(seen[-1][1])


def test_one_that_cannot_be_read_or_calibrated_is_no_others_failure(lab, tmp_path, monkeypatch):
    good, spoilt = lab.member(1), lab.member(3)
    missing = replace(good.request, recordings=[tmp_path / "nowhere.npz"])
    real = together.side_by_side

    def spoiling(people: Sequence[Trials]) -> Together:
        data = real(people)
        data.trials.moment[0] = torch.nan
        return data

    monkeypatch.setattr(together, "side_by_side", spoiling)
    found = calibrate_together([Member("missing", good.config, missing), spoilt, good])
    assert isinstance(found[0], UserError)
    assert "nowhere.npz" in str(found[0])
    assert isinstance(found[1], UserError)
    assert "range of finite numbers" in str(found[1])
    assert not isinstance(found[2], UserError)
    alone, _ = calibrate(good.config, good.request)
    np.testing.assert_allclose(found[2][0].strength, alone.strength, rtol=1e-3)


def test_members_of_other_shapes_and_methods_keep_their_order(lab, monkeypatch):
    sizes = []
    real = together.calibrated
    monkeypatch.setattr(
        together, "calibrated", lambda group, watch: sizes.append(len(group)) or real(group, watch)
    )
    members = [
        lab.member(1),
        lab.member(2, method="annealing", budget_seconds=0.2),
        lab.member(3, stop=7.9),
        lab.member(2),
    ]
    found = calibrate_together(members)
    methods = [outcome[1]["method"] for outcome in found if not isinstance(outcome, UserError)]
    assert methods == ["adamw", "annealing", "adamw", "adamw"]
    assert sorted(sizes) == [1, 2]


def test_no_more_are_held_than_are_calibrated_together(lab, monkeypatch):
    held = []
    monkeypatch.setattr(together, "MOST_ON_CPU", 2)
    monkeypatch.setattr(
        together,
        "calibrated",
        lambda group, watch: held.append(len(group)) or [UserError("as asked")] * len(group),
    )
    found = calibrate_together([lab.member(1)] * 5)
    assert held == [2, 2, 1]
    assert [str(outcome) for outcome in found] == ["as asked"] * 5


def test_nothing_to_do_is_nothing_done():
    assert calibrate_together([]) == []
