"""What happens in the sessions of the study, and what is true of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from daemon.config import Config, FatigueConfig, GainChangeConfig

LOST, RECOVERED = 0.25, 0.5


@dataclass(frozen=True)
class Scene:
    """A session to simulate."""

    name: str
    seconds: float
    fatigue: Sequence[FatigueConfig] = ()
    gain_change: Sequence[GainChangeConfig] = ()

    def config(self, config: Config, seed: int) -> Config:
        """Return the set-up of this session."""
        changes = {
            "seed": seed,
            "fatigue": list(self.fatigue),
            "gain_change": list(self.gain_change),
        }
        simulation = config.simulation.model_copy(update=changes)
        return config.model_copy(update={"simulation": simulation})


def scenes(config: Config) -> dict[str, Scene]:
    """Return the sessions by name: two pairs that tire, none, a gain that changes, recovery."""
    usual = [_tiring(one, one.muscle) for one in config.simulation.fatigue]
    neighbours = [_tiring(usual[0], name) for name in ("BRA", "TRIlong")]
    recovering = [
        one.model_copy(update={"end_s": 240.0, "recovery": RECOVERED, "recovery_s": 120.0})
        for one in usual
    ]
    gain = GainChangeConfig(channel="TRIlong", at_s=180.0, factor=1.4)
    found = (
        Scene("tiring", 360.0, usual),
        Scene("neighbours", 360.0, neighbours),
        Scene("rested", 360.0),
        Scene("gain", 360.0, (), [gain]),
        Scene("recovery", 420.0, recovering),
    )
    return {scene.name: scene for scene in found}


def _tiring(like: FatigueConfig, muscle: str) -> FatigueConfig:
    return like.model_copy(update={"muscle": muscle, "strength_loss": LOST})
