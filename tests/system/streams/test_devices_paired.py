"""Moments as devices send them, over real LSL, and the rows that they are the reference of."""

import numpy as np
import pytest
from devices import WRAP, Device, Sender, is_connected, set_up, source_of
from listener import Listener
from numpy.testing import assert_allclose

from daemon.assembly.model import model_in_use
from daemon.assembly.pipeline import build_pipeline
from daemon.assembly.subject import unknown_person
from pipeline.streams import clock

pytestmark = pytest.mark.system
LEG = ["hip_flexion_r", "knee_angle_r", "ankle_angle_r"]


@pytest.mark.parametrize(("rate_hz", "chunk", "lag_s"), [(1000.0, 10, 0.0), (100.0, 1, 1.5)])
def test_moments_are_paired_with_the_rows_of_their_own_time(
    opened, unique_name, wait_until, rate_hz, chunk, lag_s
):
    """Each moment is a ramp in time, so a row's reference says which time it was taken from."""
    devices = {
        "emg": Device(set_up().streams.emg.channels, 100.0, step=2.0**-16, chunk=1),
        "angles": Device(LEG, 100.0, step=2.0**-16, chunk=1),
        "moments": Device(LEG, rate_hz, chunk=chunk, lag_s=lag_s, step=100.0 / rate_hz),
    }
    units = {"emg": "1", "angles": "rad", "moments": "N*m"}
    tables = {
        key: f'name = "{unique_name}-{key}"\nrate_hz = {device.rate_hz}\nunit = "{units[key]}"\n'
        f"channels = {list(device.labels)}"
        for key, device in devices.items()
    }
    config = set_up(**tables)
    senders = {k: opened(Sender(f"{unique_name}-{k}", one)) for k, one in devices.items()}
    sources = {key: opened(source_of(key, config)) for key in devices}
    model = model_in_use(config)
    pipeline, paired = build_pipeline(config, unknown_person(config, model)), []
    for source in sources.values():
        source.open()
    listeners = {key: Listener(source) for key, source in sources.items()}
    for key, sender in senders.items():
        wait_until(lambda key=key, sender=sender: is_connected(listeners[key], sender))
    begun = clock.now()
    for sender in senders.values():
        sender.start(begun)

    def enough_rows():
        for source in sources.values():
            if (chunk := source.poll()) is not None:
                pipeline.push(chunk)
        pipeline.predict()
        if (rows := pipeline.pair()) is not None:
            paired.append(rows.rows)
        return sum(len(rows.t) for rows in paired) > 100

    wait_until(enough_rows)
    t, moment = (np.concatenate([getattr(rows, of) for rows in paired]) for of in ("t", "moment"))
    known = np.isfinite(moment).all(axis=1)
    assert known.sum() > 90
    ramp = 100.0 * (t - begun)[:, None] + 100.0 / rate_hz * 37 * np.arange(3)
    assert ramp.max() < WRAP
    assert_allclose(moment[known], ramp[known], atol=1e-3)
