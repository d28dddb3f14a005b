"""The simulated lab: a person whose true muscles the daemon does not know, on the network."""

from daemon.lab.live import LabSummary, run_lab
from daemon.lab.offline import write_recording
from daemon.lab.simulation import Lab, LabBlock, Truth

__all__ = ["Lab", "LabBlock", "LabSummary", "Truth", "run_lab", "write_recording"]
