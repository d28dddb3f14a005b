"""What is said of a daemon whose cable was cut, and how long its cable is."""

from dataclasses import replace

import pytest

from tools.robustness.cable import DELAY_S, JITTER_S, LOST, Found, uneven, well_again_s
from tools.robustness.faults.controller import Heard

FOUND = Found(
    seconds=60.0,
    cut_s=10.0,
    missed_ticks=0,
    degraded_s=1.6,
    nominal_s=2.0,
    rows_missing=0,
    updates=(25, 0, 24),
    restarts={},
)


def heard(words: str) -> list[Heard]:
    names = {"N": "NOMINAL", "D": "DEGRADED"}
    return [Heard(float(at), {"st": names[word]}) for at, word in enumerate(words)]


@pytest.mark.parametrize(
    ("words", "mended", "wanted"),
    [("NNDDNN", 3.5, 0.5), ("NNDDND", 3.5, None), ("NNDNDN", 3.5, 1.5), ("NNNN", 2.5, 0.0)],
)
def test_all_is_well_again_when_nothing_bad_comes_after_it(words, mended, wanted):
    assert well_again_s(heard(words), mended) == wanted


def test_it_is_as_wanted_where_nothing_is_lost_and_all_is_well_in_time():
    assert FOUND.as_wanted
    for spoilt in (
        {"missed_ticks": 1},
        {"rows_missing": 1},
        {"nominal_s": 5.1},
        {"nominal_s": None},
    ):
        assert not replace(FOUND, **spoilt).as_wanted


def test_pieces_come_late_by_the_delay_its_jitter_and_now_and_then_a_loss():
    late = uneven(1)
    times = [late() for _ in range(10_000)]
    usual = [one for one in times if one <= DELAY_S + JITTER_S]
    assert min(times) >= DELAY_S
    assert 1.0 - len(usual) / len(times) == pytest.approx(LOST, rel=0.2)
    assert sum(usual) / len(usual) == pytest.approx(DELAY_S + JITTER_S / 2, rel=0.02)
