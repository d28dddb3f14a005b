"""The calibrator at work, here or on another machine: its orders, its clients, and the wire."""
