import pytest

from daemon.calibration.shape import difference, shape_of


@pytest.mark.parametrize(
    "changes",
    [
        {"calibrator": {"where": "tcp://127.0.0.1:5599", "threads": 2, "device": "cpu"}},
        {"envelope": {"mvc": {"d": 1e-4, "b1": 1e-4, "b2": 1e-4, "t": 1e-4}}},
        {"simulation": {"seed": 3}},
        {"realtime": {"priority": 3}},
    ],
)
def test_set_ups_that_differ_in_what_is_each_machines_own_agree(make_config, changes):
    assert difference(shape_of(make_config(**changes)), shape_of(make_config())) == ""


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": {"rate_hz": 200}}, "the daemon's model.rate_hz is 200, the calibrator's 100"),
        ({"model": {"dofs": ["shoulder"]}}, "of the dofs, only the calibrator has elbow"),
        ({"model": {"dofs": ["elbow", "shoulder"]}}, "the dofs are in another order"),
        ({"calibrator": {"steps": 3}}, "[calibrator] differs"),
        ({"envelope": {"lowpass_hz": 5.0}}, "[envelope] differs"),
        ({"model": {"muscles": {"deltoid": ["t"]}}}, "of the muscles, only the calibrator has"),
        (
            {"synergies": {"count": 2}, "model": {"electromechanical_delay_s": 0.04}},
            "model.electromechanical_delay_s and [synergies] and [failover] differ",
        ),
    ],
)
def test_what_differs_is_named(make_config, changes, said):
    told = difference(shape_of(make_config(**changes)), shape_of(make_config()))
    assert told.startswith(said)
