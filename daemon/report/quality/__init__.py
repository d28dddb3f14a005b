"""Whether a session can be trusted, at a glance: reference, EMG, parameters, backtest, verdict."""
