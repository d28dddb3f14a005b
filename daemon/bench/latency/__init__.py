"""From EMG sample to moment: the whole daemon on real streams, measured from outside."""
