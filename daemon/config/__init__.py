"""The configuration file: what every field means, and what is allowed in it.

A configuration is one TOML file. It is read as a whole; every mistake in it is reported at once,
with its place and the offending value. Units are in the names of the fields.
"""

from daemon.config.body import ModelConfig, SkeletonConfig
from daemon.config.envelope import EnvelopeConfig
from daemon.config.learning import (
    CalibratorConfig,
    FailoverConfig,
    ParameterConfig,
    ParametersConfig,
    SynergyConfig,
)
from daemon.config.load import config_path, load_config
from daemon.config.ros2 import Ros2OutputConfig
from daemon.config.section import Section
from daemon.config.service import (
    ControlConfig,
    OutputConfig,
    RealtimeConfig,
    SecurityConfig,
    SessionConfig,
)
from daemon.config.simulation import (
    CrosstalkConfig,
    ElectrodeOffConfig,
    FatigueConfig,
    GainChangeConfig,
    MotionArtefactConfig,
    SimulationConfig,
    TaskChangeConfig,
)
from daemon.config.streams import StreamConfig, StreamsConfig
from daemon.config.whole import Config

__all__ = [
    "CalibratorConfig",
    "Config",
    "ControlConfig",
    "CrosstalkConfig",
    "ElectrodeOffConfig",
    "EnvelopeConfig",
    "FailoverConfig",
    "FatigueConfig",
    "GainChangeConfig",
    "ModelConfig",
    "MotionArtefactConfig",
    "OutputConfig",
    "ParameterConfig",
    "ParametersConfig",
    "RealtimeConfig",
    "Ros2OutputConfig",
    "Section",
    "SecurityConfig",
    "SessionConfig",
    "SimulationConfig",
    "SkeletonConfig",
    "StreamConfig",
    "StreamsConfig",
    "SynergyConfig",
    "TaskChangeConfig",
    "config_path",
    "load_config",
]
