"""Many calibrations of one shape as one tensor, none of which knows of the others."""
