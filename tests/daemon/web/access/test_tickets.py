"""Tickets: for one command, for half a minute, for who got them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.web.access.tickets import LIFE_S, MOST, MOST_OF_ONE, Tickets


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tickets(clock):
    return Tickets(clock)


def test_a_ticket_is_good_once(tickets):
    ticket = tickets.issue("desk")
    assert tickets.spend(ticket, "desk")
    assert not tickets.spend(ticket, "desk")


def test_a_ticket_is_good_for_who_got_it(tickets):
    ticket = tickets.issue("desk")
    assert not tickets.spend(ticket, "wall")
    assert not tickets.spend(ticket, "")
    assert not tickets.spend("none", "")
    assert tickets.spend(ticket, "desk")


@pytest.mark.parametrize(("after_s", "good"), [(LIFE_S, True), (LIFE_S + 0.01, False)])
def test_a_ticket_lives_for_half_a_minute(tickets, clock, after_s, good):
    ticket = tickets.issue("desk")
    clock.now += after_s
    assert tickets.spend(ticket, "desk") is good


def test_who_asks_for_many_loses_the_oldest_own(tickets):
    kept = tickets.issue("wall")
    first, second, *_ = [tickets.issue("desk") for _ in range(MOST_OF_ONE + 1)]
    assert not tickets.spend(first, "desk")
    assert tickets.spend(second, "desk")
    assert tickets.spend(kept, "wall")


def test_there_are_so_many_and_no_more(tickets, clock):
    for number in range(2 * MOST):
        tickets.issue(str(number))
    assert len(tickets) == MOST
    clock.now += LIFE_S + 1
    tickets.issue("desk")
    assert len(tickets) == 1


@given(steps=st.lists(st.tuples(st.sampled_from("iss"), st.integers(0, 3), st.floats(0, 40))))
def test_no_ticket_is_good_twice_or_late(steps):
    clock = Clock()
    tickets, out = Tickets(clock), []
    for what, who, later_s in steps:
        clock.now += later_s
        if what == "i":
            out.append((tickets.issue(str(who)), str(who), clock.now))
        elif out:
            ticket, owner, since = out[who % len(out)]
            good = tickets.spend(ticket, str(who))
            assert not good or (owner == str(who) and clock.now - since <= LIFE_S)
            assert not (good and tickets.spend(ticket, owner))
