"""AdaShare: hard sharing where all is selected; elsewhere each task has its own way through one trunk."""

import math
from itertools import combinations

import pytest
import torch
from torch import nn

from engine.architectures.search import Phase
from engine.errors import KindredError
from tests.engine.architectures.networks import HERE, batch, network, scattered, tower

SKIP = torch.tensor([-50.0, 50.0])


class Nothing(nn.Module):
    """A stage that gives zeros, so that 1 minus the share of it is what is left of its input."""

    def forward(self, inputs):
        return 0 * inputs


def nothings(input_shape):
    return [nn.Linear(input_shape[0], 1), Nothing(), nn.Identity()]


def counted(model):
    """How often each stage runs, as it goes on."""
    runs = [0] * len(model.shared.stages)

    def count(place):
        def add(*_):
            runs[place] += 1

        return add

    for place, stage in enumerate(model.shared.stages):
        stage.register_forward_hook(count(place))
    return runs


@pytest.mark.parametrize("kind", ["vectors", "images", "pyramid"])
@pytest.mark.parametrize("progress", [0.0, 0.35, 0.9])
def test_where_all_is_selected_it_is_hard_sharing(kind, progress):
    model, hard = network("adashare", 3, kind), network("hard_sharing", 3, kind)
    hard.load_state_dict({name: each for name, each in model.state_dict().items() if name != "policy"})
    with torch.no_grad():
        model.policy.copy_(-SKIP)
    model.begin_step(progress)
    inputs, _ = batch(model.tasks, kind)
    for training in (True, False):
        model.train(training)
        outputs = hard(inputs)
        for name, output in model(inputs).items():
            torch.testing.assert_close(output, outputs[name])


def test_a_settled_task_skips_what_it_chose_to_and_equal_ways_run_once():
    model = network("adashare", 4, depth=4)
    assert model.skippable == [1, 2, 3]
    with torch.no_grad():
        model.policy.copy_(-SKIP)
        model.policy[0, 1] = SKIP  # task 0 skips stage 2, counted from 0
        model.policy[2, 1] = SKIP
        model.policy[3, 2] = SKIP  # task 3 skips stage 3
    model.begin_step(0.9)
    runs = counted(model)
    inputs, _ = batch(model.tasks)
    features = model.features(inputs, range(len(model.tasks)))
    assert runs == [1, 1, 1, 2]  # tasks 1 and 3 run stage 2; {0, 2} and {1} run stage 3 on two inputs
    first, second, third, fourth = model.shared.stages
    begun = second(first(inputs))
    torch.testing.assert_close(features[0], fourth(begun))
    torch.testing.assert_close(features[1], fourth(third(begun)))
    torch.testing.assert_close(features[3], third(begun))
    assert features[2] is features[0]
    assert model.note() == "Stages are chosen: task 0 skips 3; task 2 skips 3; task 3 skips 4."


def test_evaluation_takes_the_likelier_choice_while_searching():
    model = scattered(network("adashare", 3, depth=3), by=1.0)
    with torch.no_grad():
        model.policy[0, 1] = torch.tensor([0.0, 0.1])
        model.policy[1, 1] = torch.tensor([0.1, 0.0])
        model.policy[:, 0] = torch.tensor([0.1, 0.0])
    model.begin_step(0.3)
    inputs, _ = batch(model.tasks)
    features = model.eval().features(inputs, range(len(model.tasks)))
    torch.testing.assert_close(features[0], tower(model.shared.stages[:2], inputs))
    torch.testing.assert_close(features[1], tower(model.shared.stages, inputs))


def test_the_search_comes_to_the_last_stages_first():
    model = network("adashare", 2, depth=4)
    with torch.no_grad():
        model.policy.copy_(SKIP)
    inputs, _ = batch(model.tasks)
    stages = model.shared.stages
    for progress, run in ((0.11, 3), (0.25, 3), (0.27, 2), (0.42, 2), (0.44, 1), (0.59, 1)):  # search is .1 to .6
        model.begin_step(progress)
        torch.testing.assert_close(model.features(inputs, range(len(model.tasks)))[0], tower(stages[:run], inputs))


def test_shares_are_drawn_by_their_probability_and_grow_decided():
    model = network("adashare", 14, trunk=f"{__name__}:nothings")
    assert model.skippable == [1, 2]
    with torch.no_grad():
        model.policy.copy_(torch.tensor([0.4, -0.2]))
    probability = 1 / (1 + math.exp(-0.6))
    inputs = torch.randn(2, 6)
    base = model.shared.stages[0](inputs)
    undecided = []
    for progress in (0.36, 0.599):  # the first stage that can be skipped is drawn in the second half
        model.begin_step(progress)
        torch.manual_seed(0)
        drawn = torch.stack(
            [
                1 - each[0, 0] / base[0, 0]
                for _ in range(100)
                for each in model.features(inputs, range(len(model.tasks)))
            ]
        )
        assert abs((drawn > 0.5).float().mean() - probability) < 4 * (0.25 / 1400) ** 0.5
        undecided.append(torch.minimum(drawn, 1 - drawn).mean())
    assert undecided[1] < 0.5 * undecided[0]


def test_the_regularizer_is_what_its_docstring_says():
    model = scattered(network("adashare", 4, depth=5, sparsity=0.7, sharing=0.3), by=1.0)
    chosen = model.policy.softmax(-1)[..., 0]
    for progress, drawn in ((0.1, 1), (0.59, 4)):
        model.begin_step(progress)
        stages = range(4)[-drawn:]
        expected = 0.0
        for place in stages:
            apart = sum(abs(chosen[s, place] - chosen[t, place]) for s, t in combinations(range(4), 2))
            expected += 0.7 * chosen[:, place].sum() + 0.3 * (4 - place) / 4 * apart / 4
        torch.testing.assert_close(model.regularizer(), expected / drawn)


def test_sparsity_lowers_probabilities_and_sharing_brings_them_together():
    inert = {"sparsity": 0.0, "sharing": 0.0}
    for strong, changes in (("sparsity", lambda p: p.mean()), ("sharing", lambda p: p.std(0).mean())):
        model = scattered(network("adashare", 4, depth=3, **inert | {strong: 1.0}), by=1.0)
        model.begin_step(0.59)
        before = changes(model.policy.softmax(-1)[..., 0]).item()
        model.regularizer().backward()
        with torch.no_grad():
            model.policy -= 0.1 * model.policy.grad
        assert changes(model.policy.softmax(-1)[..., 0]).item() < before


@pytest.mark.parametrize(
    ("progress", "phase"), [(0.0, "WARM_UP"), (0.1, "SEARCH"), (0.599, "SEARCH"), (0.6, "SETTLED")]
)
def test_the_policy_is_trained_in_the_search_alone(progress, phase):
    model = scattered(network("adashare", 3, depth=3))
    model.begin_step(progress)
    assert model.phase is Phase[phase]
    inputs, _ = batch(model.tasks)
    model(inputs)["task 0"].sum().backward()
    assert (model.policy.grad is not None) == (phase == "SEARCH")
    assert (model.regularizer() is not None) == (phase == "SEARCH")
    assert bool(model.note()) == (phase == "SETTLED")


def test_the_reading_is_the_agreement_on_stages():
    model = network("adashare", 3, depth=3)
    with torch.no_grad():
        model.policy.copy_(-SKIP)
        model.policy[1] = SKIP
        model.policy[2, 0] = SKIP
    expected = torch.tensor([[1.0, -1, 0], [-1, 1, 0], [0, 0, 1]])
    torch.testing.assert_close(model.readings()["policy"], expected)

    with torch.no_grad():
        model.policy.zero_()
    scattered(model, by=1.0)
    lean = (2 * model.policy.softmax(-1)[..., 0] - 1).detach()
    torch.testing.assert_close(model.readings()["policy"], lean @ lean.T / 2)
    model.begin_step(0.9)
    lean = lean.sign()
    torch.testing.assert_close(model.readings()["policy"], lean @ lean.T / 2)


def test_a_trunk_without_a_stage_to_skip_is_refused_with_the_way_out():
    with pytest.raises(KindredError, match="choose a depth of at least 2"):
        network("adashare", 2, depth=1)
    assert network("adashare", 2, "vectors", width=6, depth=1).skippable == [0]
    assert network("adashare", 2, "pyramid", trunk=f"{HERE}:pyramid").skippable == [1]


@pytest.mark.parametrize("architecture", ["adashare", "mtl_nas"])
def test_a_search_that_would_end_before_it_begins_is_refused(architecture):
    with pytest.raises(KindredError, match="choose a warm-up below settle"):
        network(architecture, 2, warm_up=0.5, settle=0.5)


def test_a_search_may_last_from_the_first_step_to_the_last():
    model = network("adashare", 2, warm_up=0.0, settle=1.0)
    for progress in (0.0, 0.5, 1.0):
        model.begin_step(progress)
        assert model.phase is Phase.SEARCH and model.searched == progress
