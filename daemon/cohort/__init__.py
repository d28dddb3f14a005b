"""Cohorts: the calibrations of many people, which go on where they were."""
