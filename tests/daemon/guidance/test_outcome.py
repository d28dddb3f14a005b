"""What a recording changes in a set-up's file."""

import pytest
from places import CONFIGS

from daemon.config import load_config
from daemon.config.edit import set_keys
from daemon.guidance.emg import chosen_channels
from daemon.guidance.findings import Findings
from daemon.guidance.outcome import Outcome, outcome_of, paths_from_elsewhere
from pipeline.errors import UserError


@pytest.fixture
def scaled(changed_config):
    """The arm with an `envelope.scaled_to` and a resting level."""

    def make(scaled_to: str, baseline: str = '"tracked"'):
        new = f'scaled_to = "{scaled_to}"\nbaseline = {baseline}\n'
        return load_config(changed_config("arm", {'baseline = "tracked"\n': new}))

    return make


def test_values_have_four_digits_and_are_those_of_an_mvc(scaled):
    changes = Outcome({}, {"BRA": 1.234567e-4}).changes(scaled("mvc"))
    assert changes == {("envelope", "mvc", "BRA"): 1.235e-4, ("envelope", "scaled_to"): "mvc"}


def test_a_set_up_is_scaled_to_an_mvc_only_when_every_channel_is(scaled):
    config = scaled("peak")
    names = chosen_channels(config, None)
    whole = Outcome({}, dict.fromkeys(names, 1e-4))
    assert whole.changes(config)["envelope", "scaled_to"] == "mvc"
    part = Outcome({}, dict.fromkeys(names[1:], 1e-4))
    assert ("envelope", "scaled_to") not in part.changes(config)
    assert part.left_as_they_were(config) == names[:1]


def test_a_fall_is_below_half_of_a_value_that_is_known():
    old, new = {"A": 1.0, "B": 1.0}, {"A": 0.49, "B": 0.51, "C": 0.01}
    assert Outcome(old, new).fallen == ["A"]


def test_the_resting_level_is_a_fraction_of_the_new_mvc_where_the_muscle_was_at_rest(scaled):
    rest = {"BRA": 1e-5, "BRD": 1e-4, "DELT1": 1e-5}
    found = Findings({"BRA": 2e-4, "BRD": 2e-4}, rest, [], {})
    config = scaled("mvc", "{ BRD = 0.03, TRImed = 0.01 }")
    outcome = outcome_of(config, found, with_baseline=True)
    assert outcome.baseline == pytest.approx({"BRA": 0.05, "DELT1": 0.025, "BRD": 0.03})
    assert ["BRD was above 10% of MVC" in warning for warning in outcome.warnings] == [True]
    assert outcome_of(config, found, with_baseline=False).baseline is None


def test_a_copy_elsewhere_finds_its_model(tmp_path):
    file, target = CONFIGS / "arm.toml", tmp_path / "mine.toml"
    config = load_config(file)
    set_keys(file, paths_from_elsewhere(config, file, target), target)
    assert load_config(target).model.file == config.model.file.resolve()
    assert paths_from_elsewhere(config, file, CONFIGS / "other.toml") == {}


@pytest.mark.parametrize("names", ["BRA,nobody", " , "])
def test_channels_that_are_not_there_are_named(names):
    with pytest.raises(UserError, match=r"has no channel .*; it has DELT1, "):
        chosen_channels(load_config("arm"), names)


def test_channels_come_as_they_were_asked_for():
    assert chosen_channels(load_config("arm"), "BRD, BRA,BRD") == ["BRD", "BRA"]
