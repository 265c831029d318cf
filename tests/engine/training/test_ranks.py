"""However many processes share out the batches of a run, its numbers are those of one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.errors import KindredError
from engine.training.joint_layers import join_layers
from engine.training.ranks import Ranks
from engine.training.session import Session
from tests.engine.training.sharing import (
    BY_THREE,
    CASES,
    CONFIG,
    RESUMED,
    cases,
    dataset_of,
    halfway,
    process,
    start,
    trained,
)

EVERY = [*((2, name) for name in CASES), *((3, name) for name in BY_THREE)]


@pytest.fixture(scope="module")
def doubles():
    """Real numbers of 64 bits, as rounding would hide what differs."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(usual)


@pytest.fixture(scope="module")
def found(tmp_path_factory, doubles):
    """What each process finds, by their number."""
    folder = tmp_path_factory.mktemp("ranks")
    torch.save(halfway(), folder / "halfway.pt")
    for size in (2, 3):
        start(process, size, folder)
    return {
        size: [torch.load(folder / f"{size}-{rank}.pt", weights_only=True) for rank in range(size)] for size in (2, 3)
    }


def same(found, wanted, rtol=1e-6):
    assert found.keys() == wanted.keys()
    for name, numbers in wanted.items():
        np.testing.assert_allclose(found[name], numbers, rtol=rtol, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(("size", "name"), EVERY, ids=str)
def test_affinities_losses_weights_and_parameters_are_those_of_one_process(found, size, name):
    wanted, _ = trained(*cases(size)[name])
    for each in found[size]:
        same(each[name], wanted, 1e-5 if name == "representations" else 1e-6)  # the last bits order what is alike


@pytest.mark.parametrize(("size", "name"), EVERY, ids=str)
def test_all_processes_hold_the_same_bits(found, size, name):
    first, *others = (each[name] for each in found[size])
    for other in others:
        assert all(torch.equal(first[key].nan_to_num(), other[key].nan_to_num()) for key in first)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("name", RESUMED)
def test_a_run_goes_on_with_another_number_of_processes(found, size, name):
    config, dataset = replace(CONFIG, **RESUMED[name]), dataset_of("whole")
    wanted, _ = trained(config, dataset, state=halfway()[name])
    same(found[size][0][f"{name}, gone on with"], wanted)
    left, _ = trained(config, dataset, state=found[size][0][f"{name}, left"])
    same(left, wanted)


def test_in_one_process_there_is_nothing_to_it(doubles):
    alone, values = Ranks(), torch.arange(3)
    batches = [object()]
    assert alone.total(values) is values and alone.average(values) is values and alone.gathered(values) is values
    assert alone.shared_out(batches, [7]) is batches and alone.tell("word") == "word"
    assert [alone.stop(asked) for asked in (True, False)] == [True, False]
    network = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.Dropout())
    layers = list(network)
    assert list(join_layers(network, alone)) == layers


def test_a_layer_that_stands_in_two_places_is_replaced_by_one():
    norm = torch.nn.BatchNorm1d(3)
    network = join_layers(torch.nn.Sequential(norm, torch.nn.ReLU(), norm), Ranks(1, 2))
    assert network[0] is network[2] is not norm
    assert network[0].weight is norm.weight and network[0].running_mean is norm.running_mean
    assert network.state_dict().keys() == torch.nn.Sequential(norm, torch.nn.ReLU(), norm).state_dict().keys()


def test_what_cannot_be_shared_out_is_refused(doubles):
    maxl = replace(CONFIG, affinity="none", auxiliary="maxl", primary="third", subclasses=2)
    with pytest.raises(KindredError, match="'maxl' trains a second network .*without torchrun"):
        Session(maxl, dataset_of("whole"), Ranks(0, 2))
    with pytest.raises(KindredError, match="smallest batch has 9 samples, which 10 processes cannot share"):
        Session(CONFIG, dataset_of("whole"), Ranks(0, 10))
    with pytest.raises(KindredError, match="a layer AlphaDropout"):
        join_layers(torch.nn.Sequential(torch.nn.AlphaDropout()), Ranks(0, 2))


def test_a_mask_that_is_not_by_samples_is_refused():
    ranks = Ranks(1, 2)
    ranks.joint = 5
    (layer,) = join_layers(torch.nn.Sequential(torch.nn.Dropout(0.5)), ranks)
    assert layer(torch.ones(2, 3)).shape == (2, 3)
    with pytest.raises(KindredError, match="given 4 rows where this process has 2 samples"):
        layer(torch.ones(4, 3))
