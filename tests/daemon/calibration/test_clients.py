"""Who is served, with clocks of the test's own."""

import numpy as np
import pytest
from rows import rows_at

from daemon.assembly.model import model_in_use
from daemon.assembly.subject import starting_subject
from daemon.calibration.clients import AWAY_S, KEEP_S, Client, Clients
from daemon.calibration.inbox import Inbox

LENGTH = np.full(4, 0.3)


def at(start: float, count: int = 50):
    return rows_at(start + np.arange(count) / 100, 4, 2, LENGTH)


def test_a_person_travels_to_the_last_digit(join, make_config):
    config = make_config()
    person = starting_subject(config, model_in_use(config))
    assert join("a").subject(person.muscles).content() == person.content()
    with pytest.raises(ValueError, match="other muscles"):
        join("a").subject(person.muscles[::-1])
    for spoilt in (b"[]", b"{", b'{"muscles": ["x"]}', b"[" * 100_000):
        with pytest.raises(ValueError, match=r"."):
            join("a").model_copy(update={"person": spoilt}).subject(person.muscles)


def test_rows_that_come_twice_are_taken_once(join):
    client = Client(join("a"), b"1", Inbox(1000), 0.0)
    client.take(at(10.0), 100, 0.1)
    client.take(at(10.25), 100, 0.2)
    client.take(at(10.0), 100, 0.3)
    t = np.concatenate([rows.t for rows in client.inbox.emptied().rows])
    assert len(t) == 75
    assert (np.diff(t) > 0).all()
    assert client.have == pytest.approx(10.74)
    with pytest.raises(ValueError, match="do not rise"):
        client.take(at(11.0)._replace(t=np.full(50, 11.0)), 100, 0.4)


def test_an_inbox_keeps_the_newest_rows_and_no_more_than_a_window():
    inbox = Inbox(100)
    for i in range(50):
        inbox.add(at(10.0 + i / 2))
        assert inbox.waiting <= 149
    batches = inbox.emptied().rows
    assert sum(len(rows.t) for rows in batches) >= 100
    assert batches[-1].t[-1] == pytest.approx(34.99)
    assert inbox.waiting == 0


def test_what_has_been_handed_over_is_not_handed_over_again(join):
    inbox = Inbox(100, join("a"))
    inbox.set_whole(True)
    inbox.add(at(10.0))
    assert inbox.changed
    first = inbox.emptied()
    assert (first.join, first.whole, len(first.rows)) == (join("a"), True, 1)
    assert not inbox.changed
    inbox.set_whole(True)
    assert not inbox.changed
    inbox.set_whole(False)
    assert inbox.changed
    second = inbox.emptied()
    assert (second.join, second.whole, second.rows) == (None, False, [])


def test_rows_that_have_not_come_are_told_while_they_belong_to_the_window(join):
    client = Client(join("a"), b"1", Inbox(200), 0.0)
    client.take(at(10.0), 100, 0.1)
    client.take(at(10.5), 100, 0.2)
    assert client.report(100.0, 0.2).missing == 0
    client.take(at(11.3), 100, 0.3)
    client.take(at(11.9), 100, 0.4)
    assert client.report(100.0, 0.4).missing == 30 + 10
    client.take(at(12.4, 120), 100, 0.5)
    assert client.report(100.0, 0.5).missing == 10
    client.take(at(1e300, 1), 100, 0.6)
    assert client.report(100.0, 0.6).missing > 1000


def test_who_is_away_makes_place_and_is_forgotten_later(join):
    clients = Clients(2)
    for number, heard_at in ((1, 0.0), (2, 3.0)):
        identity = bytes([number])
        clients.add(Client(join(f"board {number}", number), identity, Inbox(10), heard_at))
    assert clients.full()
    assert clients.longest_away(AWAY_S) is None
    first = clients.longest_away(AWAY_S + 0.1)
    assert first is clients.at(b"\x01")
    assert first.report(100.0, AWAY_S + 0.1).state == "away"
    clients.moved(first, b"new")
    assert clients.at(b"\x01") is None
    assert clients.at(b"new") is first
    first.heard_at = AWAY_S + 0.1
    assert clients.longest_away(3.0 + KEEP_S, KEEP_S) is None
    assert clients.longest_away(3.1 + KEEP_S, KEEP_S) is clients.at(b"\x02")
    clients.remove(first)
    assert (len(clients), clients.at(b"new")) == (1, None)


def test_what_is_told_of_the_pace_is_what_came_and_what_was_made(join):
    client = Client(join("a"), b"1", Inbox(10_000), 0.0)
    for i in range(1, 101):
        client.take(at(float(i), 100), 1000, float(i))
    told = client.taken(50.0, 3, 100.0)
    assert told.wanted_per_s == pytest.approx(2.0)
    assert (told.updates_per_s, told.clients) == (0.0, 3)
    assert client.report(50.0, 100.0).bytes_per_s == pytest.approx(1000.0)
