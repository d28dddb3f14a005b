import torch
from people import One, trials_of

from pipeline.calibrate.batch.side_by_side import side_by_side
from pipeline.calibrate.loss import moment_scale


def test_each_persons_own_samples_are_where_they_were_and_the_rest_does_not_count():
    people = [trials_of(One(1, (40,))), trials_of(One(2, (30, 70)))]
    trials, real = side_by_side(people)
    assert real is not None
    assert real.sum((1, 2, 3)).tolist() == [t.length[:, 0].numel() for t in people]
    for place, own in enumerate(people):
        count, _, size = own.length.shape
        for there, here in zip(trials[:5], own[:5], strict=True):
            torch.testing.assert_close(there[place, :count, ..., :size], here, rtol=0.0, atol=0.0)
        assert trials.weight[place].sum() == own.weight.sum()
        torch.testing.assert_close(moment_scale(trials)[place], moment_scale(own))


def test_people_of_one_size_are_not_filled_up():
    one = trials_of(One(1, (40, 50)))
    trials, real = side_by_side([one, one])
    assert real is None
    assert trials.length.shape == (2, *one.length.shape)


def test_some_members_can_be_chosen():
    data = side_by_side([trials_of(One(seed, (30 + seed,))) for seed in range(3)])
    chosen = data.of(torch.tensor([2, 0]))
    assert chosen.real is not None
    assert data.real is not None
    torch.testing.assert_close(chosen.trials.moment[0], data.trials.moment[2])
    assert torch.equal(chosen.real[1], data.real[0])
