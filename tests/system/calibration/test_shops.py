"""Calibrators spread over processes, one of which dies."""

import multiprocessing

import pytest
from calibration_office import relay

from daemon.calibration.shops import ENDED, processes_for

pytestmark = pytest.mark.system


def test_each_has_a_process_while_there_are_any_and_its_death_is_its_clients_alone(
    at, office, serving, ipc_address, wait_until
):
    """Two clients with a process each, and a third who shares one; one process is killed.

    Who was calibrated there is told so and begins anew, the others notice nothing.
    """
    server = serving(at(), f"{ipc_address}-port", processes=2)
    assert multiprocessing.active_children() == []
    offices = []
    for number in range(3):
        offices.append(office(at(server.address), f"{ipc_address}-{number}", relay))
        _serve(offices, wait_until)
        assert len(multiprocessing.active_children()) == min(number + 1, 2)
    shops = server.server._shops._shops
    assert [len(shop.clients) for shop in shops] == [2, 1]

    (alone,) = shops[1].clients.values()
    told = [f"{one.worker._link._session}" == alone.join.session for one in offices]
    shops[1]._worker.kill()
    (hit,) = [one for one, its in zip(offices, told, strict=True) if its]
    others = [one for one in offices if one is not hit]

    def is_told() -> bool:
        for one in offices:
            one.turn()
        return bool(hit.concerns("calibrator link"))

    wait_until(is_told, 60.0)
    assert ENDED in hit.concerns("calibrator link")[0]
    heard = len(hit.heard)

    def served_again() -> bool:
        for one in offices:
            one.send(10)
            one.turn()
        return len(hit.heard) > heard and hit.concerns("calibrator link")[-1] == ""

    wait_until(served_again, 60.0)
    assert all(one.concerns("calibrator link") == [] for one in others)
    server.close()
    assert multiprocessing.active_children() == []


def _serve(offices, wait_until) -> None:
    """Send rows until each has had an update."""

    def served() -> bool:
        for one in offices:
            one.send(10)
            one.turn()
        return all(one.heard for one in offices)

    wait_until(served, 60.0)


def test_a_gpu_is_filled_by_one_process_and_processors_by_one_each(at, monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)))
    assert processes_for(at(device="cpu", threads=1)) == 8
    assert processes_for(at(device="cpu", threads=3)) == 2
    assert processes_for(at(device="cpu", threads=16)) == 1
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    assert processes_for(at(device="auto")) == 1
