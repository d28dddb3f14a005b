"""Model files from OpenSim and MuJoCo."""
