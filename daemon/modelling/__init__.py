"""Model files from OpenSim and MuJoCo models: fitted, drawn and examined; no stream, no daemon."""
