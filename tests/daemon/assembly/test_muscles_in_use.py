"""Which muscles of a model's file a set-up uses, and what becomes of those it does not."""

import numpy as np
import pytest

from daemon.assembly.calibrator import build_calibrator, parameter_space
from daemon.assembly.model import left_out, model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import generic_subject
from daemon.config import Config, load_config
from pipeline.geometry import crossing, load_model

WHOLE_LEG = load_config("walking")
WALKING = WHOLE_LEG.model_copy(
    update={"model": WHOLE_LEG.model.model_copy(update={"use_muscles": "driven"})}
)
DRIVEN = tuple(WALKING.model.muscles)
WHOLE = load_model(WALKING.model.file)


def _using(use: object, **changes: object) -> Config:
    model = WALKING.model.model_copy(update={"use_muscles": use, **changes})
    return WALKING.model_copy(update={"model": model})


def test_a_set_up_uses_the_muscles_it_drives() -> None:
    assert WALKING.model.use_muscles == "driven"
    assert model_in_use(WALKING).muscle_names == DRIVEN
    assert len(left_out(WALKING, WHOLE)) == len(WHOLE.muscles) - len(DRIVEN)


def test_all_are_those_that_cross_the_joints_in_the_files_order() -> None:
    everything = _using("all")
    assert model_in_use(everything) == WHOLE
    assert left_out(everything, WHOLE) == ()


def test_all_about_one_joint_are_those_that_cross_it_and_those_with_an_electrode() -> None:
    used = model_in_use(_using("all", dofs=["ankle_angle_r"])).muscle_names
    about_the_ankle = crossing(WHOLE, ["ankle_angle_r"])
    assert set(used) == {*DRIVEN, *about_the_ankle}
    assert "psoas_r" not in used
    assert "tib_post_r" in used


def test_a_list_is_what_is_used() -> None:
    chosen = model_in_use(_using(["psoas_r", "iliacus_r", *DRIVEN]))
    used = {"iliacus_r", "psoas_r", *DRIVEN}
    assert chosen.muscle_names == tuple(m for m in WHOLE.muscle_names if m in used)


@pytest.mark.parametrize("use", ["driven", "all", ["iliacus_r", *DRIVEN]])
def test_pipeline_and_calibrator_have_the_same_muscles(use: object) -> None:
    config = _using(use)
    subject = generic_subject(model_in_use(config))
    pipeline = build_pipeline(config, subject)
    assert build_calibrator(config, subject).subject.muscles == subject.muscles
    assert pipeline.geometry.muscles == subject.muscles
    recorded = np.array(subject.muscles)[pipeline.mapper.recorded]
    assert tuple(recorded) == DRIVEN


def test_a_strength_group_goes_without_the_muscles_that_are_not_used() -> None:
    groups = {"flexors": ["iliacus_r", "psoas_r"], "calf": ["soleus_r", "tib_post_r"]}
    calibrator = WALKING.calibrator.model_copy(update={"strength_groups": groups})

    def strengths(config: Config) -> list[str]:
        config = config.model_copy(update={"calibrator": calibrator})
        space = parameter_space(config, generic_subject(model_in_use(config)), "cpu")
        return [str(one) for one in space.labels if str(one).endswith(":strength")]

    assert "soleus_r:strength" in strengths(WALKING)
    assert len(strengths(WALKING)) == len(DRIVEN)
    assert {"iliacus_r+psoas_r:strength", "soleus_r+tib_post_r:strength"} <= set(
        strengths(_using("all"))
    )
