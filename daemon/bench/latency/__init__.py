"""The latency from EMG sample to moment: the whole daemon, measured from outside."""
