"""Commands on recordings and on the machine itself: score, calibrate, electrodes, bench."""
