"""The simulated fleet: what must hold of any queue, and of one whose waiting time is known."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.studies.fleet.__main__ import main
from tools.studies.fleet.scene import Network, Scene, largest, requests_of, verdict
from tools.studies.fleet.server import Requests, serve
from tools.studies.fleet.service import Service

SERVICE = Service(
    people=np.array([1.0, 4.0, 16.0]),
    iteration_s=np.array([0.002, 0.005, 0.017]),
    steps=20,
    rest_s=0.03,
    spread=0.1,
)
ONE_S = SERVICE.mean_s(1)
EXACT = Service(SERVICE.people, SERVICE.iteration_s, SERVICE.steps, SERVICE.rest_s, spread=0.0)
AT_ONCE = Network(1e-9, 1e-8)


def poisson(rate_hz, count, seed):
    """Requests at random times, each of somebody else."""
    arrival = np.cumsum(np.random.default_rng(seed).exponential(1.0 / rate_hz, count))
    return Requests(arrival, arrival, np.arange(count))


@st.composite
def requests(draw):
    gaps = draw(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=60))
    owners = draw(st.lists(st.integers(0, 5), min_size=len(gaps), max_size=len(gaps)))
    arrival = np.cumsum(gaps)
    return Requests(arrival, arrival, np.array(owners))


@given(requests(), st.integers(1, 8), st.floats(0.01, 1.0), st.floats(0.0, 0.5))
def test_every_request_is_served_once_or_replaced_by_a_newer_one(asked, most, fixed, each):
    sizes = []

    def service(people):
        sizes.append(people)
        return fixed + each * people

    served = serve(asked, service, most)
    assert sum(sizes) == served.done.sum()
    assert served.batches == len(sizes)
    assert max(sizes) <= most
    for place in np.flatnonzero(~served.done):
        later = np.flatnonzero(asked.owner[place + 1 :] == asked.owner[place]) + place + 1
        assert served.left[place] == asked.arrival[later[0]]
    assert len(served.left) == len(asked.arrival)


@given(requests(), st.integers(1, 8), st.floats(0.01, 1.0), st.floats(0.0, 0.5))
def test_nothing_is_faster_than_its_service_and_batches_never_overlap(asked, most, fixed, each):
    served = serve(asked, lambda people: fixed + each * people, most)
    done = served.done
    assert (served.start[done] >= asked.arrival[done]).all()
    assert (served.left - served.start)[done].min() >= fixed + each - 1e-9
    begun, place = np.unique(served.start[done], return_index=True)
    assert (begun[1:] >= served.left[done][place][:-1] - 1e-9).all()
    assert served.busy <= served.left.max() - asked.arrival[0] + 1e-9


@given(requests(), st.integers(1, 8), st.floats(0.01, 1.0))
def test_the_queue_over_time_is_what_each_has_waited(asked, most, fixed):
    """Little's law: the integral of the number waiting is the sum of the waits."""
    served = serve(asked, lambda people: fixed * people, most)
    until = np.where(served.done, served.start, served.left)
    edges = np.unique(np.concatenate((asked.arrival, until)))
    area = (served.waiting_at(edges[:-1]) * np.diff(edges)).sum() if len(edges) > 1 else 0.0
    assert area == pytest.approx((until - asked.arrival).sum(), abs=1e-6)


@pytest.mark.parametrize("load", [0.3, 0.7, 0.85])
def test_waiting_at_random_requests_of_one_length_is_pollaczek_khinchines(load):
    """M/D/1: the mean wait is load times service over 2 (1 - load)."""
    served = serve(poisson(load, 200_000, seed=3), lambda people: 1.0, most=1)
    waited = (served.start - served.requests.arrival).mean()
    assert waited == pytest.approx(load / (2.0 * (1.0 - load)), rel=0.06)
    assert served.busy / served.left.max() == pytest.approx(load, rel=0.02)


def test_waiting_at_random_requests_of_two_lengths_is_pollaczek_khinchines():
    """M/G/1: the mean wait is rate times the mean squared service over 2 (1 - load)."""
    rate_hz, count = 0.6, 200_000
    lengths = iter(np.random.default_rng(5).choice((0.5, 1.5), count).tolist())
    served = serve(poisson(rate_hz, count, 6), lambda people: next(lengths), most=1)
    waited = (served.start - served.requests.arrival).mean()
    assert waited == pytest.approx(rate_hz * 1.25 / (2.0 * (1.0 - rate_hz)), rel=0.06)


def test_a_lone_exoskeleton_waits_for_nobody():
    found = verdict(1, Scene(EXACT, most=1, network=AT_ONCE, fleets=2))
    assert found.on_time == 1.0
    assert found.p50_s == pytest.approx(ONE_S, rel=1e-3)
    assert found.load == pytest.approx(ONE_S, rel=0.02)


def test_one_after_the_other_ends_where_the_processor_does():
    """Asking at even distances, a server without spread is full at one over the service time."""
    scene = Scene(EXACT, most=1, network=AT_ONCE, fleets=2)
    limit = largest(lambda count: verdict(count, scene).on_time >= 0.99)
    assert limit == int(1.0 / ONE_S)
    beyond = verdict(2 * limit, scene)
    assert beyond.load == pytest.approx(1.0, rel=0.02)
    assert beyond.skipped == pytest.approx(1.0 - 1.0 / (2 * limit * ONE_S), abs=0.05)


def test_a_faster_descent_leaves_the_rest_of_an_update():
    assert SERVICE.faster(1e9).mean_s(10) == pytest.approx(10 * SERVICE.rest_s)
    assert SERVICE.faster(2.0).mean_s(4) == pytest.approx(20 * 0.0025 + 4 * SERVICE.rest_s)


def test_a_batch_serves_more():
    one, many = (Scene(SERVICE, most, seconds=40.0, fleets=3) for most in (1, 16))
    limits = [largest(lambda n, s=scene: verdict(n, s).on_time >= 0.99) for scene in (one, many)]
    assert limits[1] > limits[0]


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 30), st.booleans())
def test_each_asks_once_a_stride_and_arrives_after_it_asked(count, together):
    scene = Scene(SERVICE, 1, stride_s=0.5, together=together, seconds=10.0)
    asked = requests_of(count, scene, np.random.default_rng(1))
    assert (np.bincount(asked.owner) == 20).all()
    assert (asked.arrival > asked.due).all()
    assert (np.diff(asked.arrival) >= 0).all()
    assert len(np.unique(asked.due)) == (20 if together else 20 * count)


@given(st.integers(0, 5000))
def test_the_largest_number_is_found(limit):
    assert largest(lambda count: count <= limit) == limit


def scale_file(folder):
    points = [
        {"x": x, "seconds": y, "quartiles_s": [0.95 * y, 1.05 * y], "mb": 1.0}
        for x, y in ((1, 0.002), (4, 0.005), (16, 0.017))
    ]
    content = {
        "slopes": {"people": {"points": points}},
        "update": {"steps": 20, "seconds": {"fixed": 0.03}},
        "machine": "a machine",
        "device": "cpu",
        "threads": 1,
    }
    file = folder / "scale.json"
    file.write_text(json.dumps(content))
    return file


def test_the_study_tells_limits_and_draws(tmp_path):
    picture, told = tmp_path / "fleet.png", tmp_path / "fleet.json"
    options = ["--seconds", "12", "--fleets", "2", "--figure", str(picture), "--json", str(told)]
    result = CliRunner().invoke(main, [str(scale_file(tmp_path)), *options])
    assert result.exit_code == 0, result.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    content = json.loads(told.read_text())
    limit = content["limit"]
    assert 0 < limit["one after the other"] < limit["together"]
    at_limit = {one["exoskeletons"]: one for one in content["verdicts"]["together"]}
    assert at_limit[limit["together"]]["on_time"] >= 0.99
    assert f"together: {limit['together']} exoskeletons" in result.output


def test_a_file_of_something_else_is_a_sentence(tmp_path):
    file = tmp_path / "other.json"
    file.write_text("{}")
    result = CliRunner().invoke(main, [str(file)])
    assert result.exit_code == 2
    assert "hillstream bench scale --json" in result.output
