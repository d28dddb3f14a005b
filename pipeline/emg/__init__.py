"""Raw EMG to the excitation of each muscle, also where an electrode is missing or has come off."""
