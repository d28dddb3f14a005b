"""Muscles that data cannot tell apart are known together."""

import numpy as np
from drifting import session, steady

from pipeline.drift.changes import course_of
from pipeline.drift.groups import group_of


def test_two_that_do_the_same_are_known_together():
    free = course_of(session([steady] * 4, seconds=200, alike=[(0, 2)]), 4).free
    groups = [group_of(unit, free.covariance, free.weight) for unit in range(4)]
    assert groups == [(0, 2), (1,), (0, 2), (3,)]


def test_what_nothing_knows_has_no_group():
    assert group_of(0, np.diag([0.2, 0.2]), np.ones(2)) is None
