"""Keys that were renamed are read under their old names for one version."""

import pytest

from daemon.config import load_config
from pipeline.errors import UserError

RENAMED = [
    ("output", "hand_over_s", "cross_fade_s", 0.7),
    ("output", "hand_over_limit_nm_per_s", "cross_fade_limit_nm_per_s", 33.0),
    ("calibrator", "geometry_pace", "geometry_learning_rate_scale", 0.3),
    ("synergies", "least_vaf", "min_vaf", 0.9),
    ("failover", "loud_mvc", "max_amplitude_mvc", 4.0),
    ("skeleton", "span_s", "smoothing_window_s", 0.4),
]


def written(tmp_path, text):
    path = tmp_path / "arm.toml"
    shipped = load_config("arm")
    text = "\n".join(text)
    path.write_text(
        f'''title = "an arm"
[streams.emg]
name = "e"
rate_hz = 1000
unit = "1"
channels = ["d"]
[streams.angles]
name = "a"
rate_hz = 100
unit = "rad"
channels = ["elbow_flexion"]
[envelope]
kind = "envelope"
[model]
file = "{shipped.model.file}"
dofs = ["elbow_flexion"]
muscles = {{ BRA = ["d"] }}
{text}
'''
    )
    return path


def lines(section, **values):
    file = ['file = "bones.json"'] if section == "skeleton" else []
    return [f"[{section}]", *file, *(f"{key} = {value}" for key, value in values.items())]


@pytest.mark.parametrize(("section", "old", "new", "value"), RENAMED)
def test_an_old_name_is_read_and_the_new_one_told(tmp_path, caplog, section, old, new, value):
    caplog.set_level("WARNING")  # whatever a command before this test has made of logging
    config = load_config(written(tmp_path, lines(section, **{old: value})))
    assert getattr(getattr(config, section), new) == value
    assert old in caplog.text
    assert new in caplog.text


@pytest.mark.parametrize(("section", "old", "new", "value"), RENAMED)
def test_a_new_name_is_read_without_a_word(tmp_path, caplog, section, old, new, value):
    caplog.set_level("WARNING")
    config = load_config(written(tmp_path, lines(section, **{new: value})))
    assert getattr(getattr(config, section), new) == value
    assert not caplog.text


@pytest.mark.parametrize(("section", "old", "new", "value"), RENAMED)
def test_both_names_are_a_mistake(tmp_path, section, old, new, value):
    with pytest.raises(UserError, match=f"'{old}' is the old name of '{new}'"):
        load_config(written(tmp_path, lines(section, **{old: value, new: value})))
