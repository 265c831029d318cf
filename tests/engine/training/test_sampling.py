import numpy as np
import pytest
import torch

from engine.datasets.settings import DataSettings
from engine.errors import KindredError
from engine.training.sampling import Sampler, pass_order


def sampler(samples, batch_size=8, seed=0, **settings):
    return Sampler(samples, DataSettings("yeast", **settings), batch_size, seed)


def test_the_order_of_a_pass_depends_on_seed_and_pass_alone():
    torch.manual_seed(1)
    first = pass_order(50, seed=3, number=2)
    torch.manual_seed(2)
    assert torch.equal(first, pass_order(50, seed=3, number=2))
    assert not torch.equal(first, pass_order(50, seed=3, number=3))
    assert not torch.equal(first, pass_order(50, seed=4, number=2))
    assert sorted(first.tolist()) == list(range(50))


def test_one_part_gives_whole_batches_of_each_pass():
    draws = sampler([21], 5)
    assert draws.steps_per_epoch == 4 and draws.sizes == [5]
    for number in range(3):
        seen = torch.cat([draws.draw(4 * number + step)[0][1] for step in range(4)])
        assert torch.equal(seen, pass_order(21, 0, number)[:20])


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({"sampling": "proportional"}, [3, 21]),
        ({"sampling": "uniform"}, [12, 12]),
        ({"sampling": "temperature", "temperature": 1.0}, [3, 21]),
        ({"sampling": "temperature", "temperature": 2.0}, [7, 17]),  # in proportion to √40 and √280
        ({"sampling": "temperature", "temperature": 1000.0}, [12, 12]),
    ],
)
def test_all_parts_share_an_update_as_the_sampling_says(settings, sizes):
    draws = sampler([40, 280], 12, **settings)
    assert draws.sizes == sizes
    for part, indices in draws.draw(0):
        assert len(indices) == sizes[part]


def test_batches_are_no_larger_than_their_part_and_no_smaller_than_two():
    assert sampler([5, 1000], 64).sizes == [2, 127]
    assert sampler([5, 1000], 64, sampling="uniform").sizes == [5, 64]


def test_an_epoch_sees_about_as_many_samples_as_there_are():
    draws = sampler([40, 280], 12)
    assert draws.steps_per_epoch * sum(draws.sizes) == pytest.approx(320, abs=sum(draws.sizes))
    assert sampler([40, 280, 80], 10, parts_a_step=2).steps_per_epoch == 20


@pytest.mark.parametrize(("sampling", "chances"), [("proportional", [0.1, 0.3, 0.6]), ("uniform", [1 / 3] * 3)])
def test_parts_are_drawn_as_often_as_the_sampling_says(sampling, chances):
    draws = sampler([100, 300, 600], 4, sampling=sampling, parts_a_step=1)
    counts = np.zeros(3)
    for step in range(1500):
        ((part, indices),) = draws.draw(step)
        counts[part] += 1
        assert len(indices) == 4
    assert counts / 1500 == pytest.approx(chances, abs=0.05)


def test_every_sample_of_a_part_is_seen_before_one_is_seen_again():
    draws = sampler([12, 30, 20], 4, parts_a_step=2)
    seen = {part: [] for part in range(3)}
    for step in range(40):
        drawn = draws.draw(step)
        assert len({part for part, _ in drawn}) == 2
        for part, indices in drawn:
            seen[part] += indices.tolist()
    for part, samples in enumerate([12, 30, 20]):
        whole = samples // 4 * 4
        assert len(set(seen[part][:whole])) == whole


def test_a_state_taken_up_goes_on_alike():
    one, other = (sampler([12, 30, 20], 4, parts_a_step=2) for _ in range(2))
    for step in range(7):
        one.draw(step)
    other.load_state(one.state())
    for step in range(7, 30):
        assert [(part, found.tolist()) for part, found in one.draw(step)] == [
            (part, found.tolist()) for part, found in other.draw(step)
        ]


def test_more_parts_a_step_than_there_are_is_refused():
    with pytest.raises(KindredError, match="Parts a step is 3, but the data set has 2"):
        sampler([5, 5], parts_a_step=3)
