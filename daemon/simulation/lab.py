"""The simulated lab as a generator of samples, with nothing of the network in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import NDArray

from daemon.config import Config
from daemon.simulation.person.movement import Movement, Task
from daemon.simulation.person.person import STEP_S, Contraction, make_person
from daemon.simulation.person.tiring import Tiring
from daemon.simulation.sensors.accelerometer import Accelerometer
from daemon.simulation.sensors.contamination import Contamination
from daemon.simulation.sensors.electrode_faults import ElectrodeFaults
from daemon.simulation.sensors.electrodes import EMG_RATE_HZ, Electrodes
from daemon.simulation.sensors.exoskeleton import Exoskeleton
from daemon.simulation.sensors.sensor import Samples, Sensor
from pipeline.errors import UserError
from pipeline.geometry import Geometry, ModelFile, load_model, with_muscles

Array = NDArray[np.float64]

_USED_RANGE = 0.7
"""Share of each coordinate's range that the person moves in, about its middle."""

_MAIN_SHARE = (0.6, 1.0)
"""A channel's share in the synergy it mainly belongs to is drawn from this range."""
_SIDE_SHARE = 0.3
"""Its largest share in each of the others."""


@dataclass(frozen=True)
class Truth:
    """What no sensor shows."""

    excitation: Array
    """Shape [time, channel], at 1 kHz."""
    activation: Array
    """Shape [time, muscle], at 1 kHz."""
    force: Array
    """Tendon forces in N, shape [time, muscle], at 1 kHz."""
    angle: Array
    """Angles without noise, rad, at the rate of the angles."""
    moment: Array
    """Moments without noise, N*m, at the rate of the moments."""


@dataclass(frozen=True)
class LabBlock:
    """Some milliseconds of the simulated lab."""

    emg: Samples
    """V"""
    angles: Samples
    """rad"""
    moments: Samples
    """N*m, of the joints in `Lab.dofs`"""
    external: Samples
    """N*m, torque of the exoskeleton on these joints; of none where there is no exoskeleton"""
    accelerations: Samples
    """rad/s^2, of the joints that streams.accelerations names, if any"""
    truth: Truth


class Lab:
    """A simulated person with electrodes and motion capture on.

    Parameters
    ----------
    config
        The set-up; its [simulation] section says who the person is.

    Raises
    ------
    UserError
        If the set-up's EMG is not raw EMG at 1000 Hz, another rate does not divide 1000 Hz, or
        the configuration does not fit its model file.

    Notes
    -----
    Each part draws from a random stream of its own, so that the numbers depend on the seed alone
    and not on how time is cut into blocks.
    """

    def __init__(self, config: Config) -> None:
        _check(config)
        self.config = config
        whole = load_model(config.model.file)
        person = make_person(config, whole)
        model = with_muscles(whole, person.names)
        angles, fixed = config.streams.angles.channels, config.model.fixed_angles_rad
        self.dofs = _dofs(config)
        self._person, self._tiring = person, Tiring(config)
        self._column = [model.muscle_names.index(name) for name in person.names]
        self._lengths = Geometry(model, angles, (), fixed)
        self._arms = Geometry(model, angles, self.dofs, fixed)
        seeds = SeedSequence(config.simulation.seed).spawn(8)
        of_movement, of_electrodes, *of_sensors, of_faults, of_torque, of_acceleration = seeds
        self._movement = Movement(
            _tasks(config, model),
            self._efforts,
            _synergies(config),
            of_movement,
            person.electromechanical_delay_s,
            self._tiring.drive,
        )
        self._electrodes = _electrodes(config, of_electrodes)
        simulation = config.simulation
        self._contamination = Contamination(
            simulation.crosstalk, simulation.motion_artefact, config.streams.emg.channels
        )
        self._faults = ElectrodeFaults(
            simulation.electrode_off, config.streams.emg.channels, _mvc(config), of_faults
        )
        self._emg, self._angles, self._moments = _sensors(config, of_sensors)
        self._exoskeleton = Exoskeleton(config) if config.torque_free else None
        self._torques = Sensor(
            self._moments.rate_hz, config.simulation.moment_noise_nm, 0.0, of_torque
        )
        self._accelerometer = Accelerometer(config, of_acceleration)
        start = self._movement.angles(np.zeros(1))
        self._contraction = Contraction(person, self._length(start)[0])
        self._elapsed_ms = 0

    def block(self, n_ms: int) -> LabBlock:
        """Return the next `n_ms` milliseconds."""
        millisecond = np.arange(self._elapsed_ms, self._elapsed_ms + n_ms)
        self._elapsed_ms += n_ms
        t = np.asarray(millisecond * STEP_S, dtype=np.float64)
        q = self._movement.angles(t)
        delayed = self._movement.excitations(t - self._person.electromechanical_delay_s)
        activation, rested = self._contraction.advance(delayed, self._length(q))
        force = self._tiring.strength(t) * rested
        excitation = self._movement.excitations(t)
        angle_at, moment_at = self._angles.due(millisecond), self._moments.due(millisecond)
        moment = self._moment(q[moment_at], force[moment_at])
        velocity, acceleration = self._rates(t)
        torque = self._torque(q[moment_at], velocity[moment_at], acceleration[moment_at], moment)
        emg = self._electrodes.record(
            t, excitation, self._tiring.conduction(t), self._tiring.gain(t)
        )
        emg = self._contamination.apply(t, emg)
        return LabBlock(
            emg=self._emg.sample(t, self._faults.apply(t, emg)),
            angles=self._angles.sample(t[angle_at], q[angle_at]),
            moments=self._moments.sample(t[moment_at], moment),
            external=self._torques.sample(t[moment_at], torque),
            accelerations=self._accelerometer.sample(millisecond, acceleration),
            truth=Truth(excitation, activation, force, q[angle_at], moment),
        )

    def truth(self) -> dict[str, object]:
        """Return the true parameters, what changes and the seed; see `Person.truth`."""
        seed = self.config.simulation.seed
        bones = self._exoskeleton.truth() if self._exoskeleton else {}
        gain = {"emg_gain": self.config.simulation.emg_gain}
        return {"seed": seed, **self._person.truth(), **gain, **self._tiring.truth(), **bones}

    def write_truth(self, path: Path) -> None:
        """Write `truth` as JSON.

        Raises
        ------
        UserError
            If the file cannot be written.
        """
        try:
            path.write_text(json.dumps(self.truth(), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise UserError(
                f"The true parameters cannot be written to {path} ({error.strerror}); "
                "give a file in a folder that exists."
            ) from error

    def _length(self, q: Array) -> Array:
        return np.asarray(self._lengths.evaluate(q)[0][:, self._column])

    def _moment(self, q: Array, force: Array) -> Array:
        if len(q) == 0:
            return np.empty((0, len(self.dofs)))
        arm = self._arms.evaluate(q)[1][:, :, self._column]
        return np.asarray(np.einsum("tdm,tm->td", arm, force))

    def _rates(self, t: Array) -> Array:
        """Return velocities and accelerations, which only a set-up with an exoskeleton needs."""
        if self._exoskeleton is None:
            return np.empty((2, len(t), 0))
        return self._movement.rates(t)

    def _torque(self, q: Array, velocity: Array, acceleration: Array, moment: Array) -> Array:
        if self._exoskeleton is None:
            return np.empty((len(q), 0))
        return self._exoskeleton.torque(q, velocity, acceleration, moment)

    def _efforts(self, posture: Array, change: Array) -> Array:
        """Return how much each channel's muscles help a change of posture; see `Movement`."""
        arm = self._arms.evaluate(posture[None])[1][0][:, self._column]
        moved = [self.config.streams.angles.channels.index(dof) for dof in self.dofs]
        helps: Array = self._person.drive @ (change[moved] @ arm)
        return helps / max(float(np.abs(helps).max()), np.finfo(float).tiny)


def _check(config: Config) -> None:
    """Refuse a set-up whose streams the lab cannot make."""
    streams = config.streams
    if config.envelope.kind != "raw" or streams.emg.rate_hz != EMG_RATE_HZ:
        raise UserError(
            f"The simulated lab makes raw EMG at {EMG_RATE_HZ} Hz, but '{config.title}' takes "
            f"envelope.kind = {config.envelope.kind!r} at {streams.emg.rate_hz:g} Hz; "
            "use a set-up such as configs/arm.toml."
        )
    slow = {key: getattr(streams, key) for key in streams.roles[1:]}
    for key, stream in slow.items():
        if stream is not None and EMG_RATE_HZ % stream.rate_hz:
            raise UserError(
                f"streams.{key}.rate_hz is {stream.rate_hz:g}, which does not divide "
                f"{EMG_RATE_HZ} Hz as the simulated lab needs it to; use 100 or 200."
            )
    if strange := sorted(set(_dofs(config)) - set(streams.angles.channels)):
        raise UserError(
            f"The simulated lab moves {streams.angles.channels}, so it has no moment of {strange}; "
            "take them out of the channels of streams.moments or streams.external."
        )


def _dofs(config: Config) -> tuple[str, ...]:
    measured = config.streams.moments or config.streams.external
    return tuple(measured.channels if measured else config.model.dofs)


def _tasks(config: Config, model: ModelFile) -> list[Task]:
    """Return what the person does: the usual reaches, then what the configuration changes."""
    by_name = {coordinate.name: coordinate for coordinate in model.coordinates}
    moved = [by_name[name] for name in config.streams.angles.channels]
    middle = np.array([coordinate.middle_rad for coordinate in moved])
    half = np.array([coordinate.half_range_rad for coordinate in moved])
    tasks = [Task(0.0, middle - _USED_RANGE * half, middle + _USED_RANGE * half)]
    for change in sorted(config.simulation.task_change, key=lambda one: one.at_s):
        low, high = (middle + (2.0 * part - 1.0) * half for part in change.used_range)
        tasks.append(Task(change.at_s, low, high, change.pace, change.effort))
    return tasks


def _synergies(config: Config) -> Array:
    """Return what of the person moves together, shape [drive, channel]; see `Movement`."""
    count, channels = config.simulation.synergies, len(config.streams.emg.channels)
    if count is None:
        return np.eye(channels)
    rng = np.random.default_rng(SeedSequence((config.simulation.seed, count)))
    shares = rng.uniform(0.0, _SIDE_SHARE, (count, channels))
    # Every channel has one synergy it mainly belongs to, and every synergy has some.
    main = rng.permutation(channels) % count
    shares[main, np.arange(channels)] = rng.uniform(*_MAIN_SHARE, channels)
    return shares


def _mvc(config: Config) -> Array:
    """Return the envelope of each channel at full excitation, V."""
    return np.array([config.envelope.mvc.get(name, 1.0) for name in config.streams.emg.channels])


def _electrodes(config: Config, seed: SeedSequence) -> Electrodes:
    envelope, simulation = config.envelope, config.simulation
    gain = np.array([simulation.emg_gain.get(name, 1.0) for name in config.streams.emg.channels])
    return Electrodes(
        gain * _mvc(config),
        envelope.band_hz,
        envelope.band_order,
        noise_v=simulation.emg_noise_v,
        hum_v=simulation.hum_v,
        tone_v=simulation.baseline_v,
        seed=seed,
    )


def _sensors(config: Config, seeds: list[SeedSequence]) -> tuple[Sensor, Sensor, Sensor]:
    """Return the sensors of the EMG, whose noise is the electrodes', the angles and the moments."""
    streams, simulation = config.streams, config.simulation
    jitter = simulation.jitter_s
    moments = streams.moments or streams.external or streams.angles
    return (
        Sensor(streams.emg.rate_hz, 0.0, jitter, seeds[0]),
        Sensor(streams.angles.rate_hz, simulation.angle_noise_rad, jitter, seeds[1]),
        Sensor(moments.rate_hz, simulation.moment_noise_nm, jitter, seeds[2]),
    )
