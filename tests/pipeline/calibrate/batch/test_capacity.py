import torch
from offline_person import RATE_HZ, space
from people import One, trials_of

from pipeline.calibrate.batch.capacity import bytes_of, members_that_fit
from pipeline.calibrate.batch.objective import ObjectiveTogether
from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.offline import DescentSettings
from pipeline.model.parameters import SpacesTogether


def test_as_many_fit_as_memory_holds_and_always_one():
    trials = trials_of(One(1, (80, 60)))
    assert members_that_fit(trials, 1, 10 * bytes_of(trials)) == 10
    assert members_that_fit(trials, 3, 10 * bytes_of(trials)) == 3
    assert members_that_fit(trials, 9, 1) == 1


def test_what_a_step_keeps_for_its_gradient_is_less_than_what_is_reckoned_with():
    trials = trials_of(One(1, (80, 60)))
    data = side_by_side([trials] * 3)
    held: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        held[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    spaces = SpacesTogether([space()] * 3)
    objective = ObjectiveTogether(spaces, data, 1.0 / RATE_HZ, DescentSettings())
    vectors = torch.zeros(3, space().size, dtype=torch.float64, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        value = objective(vectors).values.sum()
    assert value.requires_grad
    assert 0.2 * 3 * bytes_of(trials) < sum(held.values()) < 0.9 * 3 * bytes_of(trials)
