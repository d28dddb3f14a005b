from daemon.assembly.calibrator import calibrator_settings
from daemon.config.learning import CalibratorConfig


def test_the_calibrator_works_as_the_configuration_says():
    settings = calibrator_settings(CalibratorConfig(window_s=7.0, replay=5))
    assert (settings.window_s, settings.replay) == (7.0, 5)
    assert settings.learning_rate_floor == CalibratorConfig().learning_rate_floor
