import os
import time

import numpy as np
import pytest

from engine.errors import KindredError
from engine.federated.clients import InProcess, Processes
from engine.federated.data import prepare
from engine.federated.mocha import Mocha
from tests.engine.federated.problems import clients_of, same, settings


class Where:
    """An order that says where it runs, and how many samples it finds there."""

    def run(self, client):
        return os.getpid(), len(client.labels)


class Fail:
    def run(self, client):
        raise KindredError(f"no memory for {len(client.labels)} samples")


class Die:
    def run(self, client):
        os._exit(1)


@pytest.fixture
def prepared():
    return prepare(clients_of(), None, False, True)[1]


def alive(clients):
    return [process for process in clients._processes if process.is_alive()]


def test_two_processes_give_the_bits_of_none():
    chosen = settings(relation="learned", relation_every=3, drop=0.3, stragglers=0.5)
    here = Mocha(chosen)
    state, data = here.begin(clients_of()), clients_of()
    with Mocha(chosen, clients=Processes(2)) as there:
        other = there.begin(data)
        for _ in range(8):
            assert same(here.round(state), there.round(other))
        workers = list(there._clients._processes)
        assert len(workers) == 2
    assert not any(process.is_alive() for process in workers)
    assert state.keys() == other.keys()
    assert all(np.array_equal(state[name], other[name]) for name in state)


def test_clients_are_dealt_out_and_results_come_in_the_order_of_the_tasks(prepared):
    clients = Processes(2)
    try:
        clients.start(prepared)
        found = clients.round([(client, Where()) for client in (3, 0, 2)])
        assert [samples for _, samples in found] == [len(prepared[client].labels) for client in (3, 0, 2)]
        assert found[1][0] == found[2][0] != found[0][0] and os.getpid() not in {process for process, _ in found}
        assert clients.round([]) == []
    finally:
        clients.close()
    clients.close()
    assert not alive(clients)


def test_an_error_of_a_client_arrives_and_ends_all_processes(prepared):
    clients = Processes(2)
    clients.start(prepared)
    workers = list(clients._processes)
    with pytest.raises(KindredError, match="no memory for 30 samples"):
        clients.round([(0, Where()), (1, Fail())])
    assert not any(process.is_alive() for process in workers)
    with pytest.raises(KindredError, match="begin or resume"):
        clients.round([(0, Where())])
    clients.start(prepared)
    started = time.perf_counter()
    with pytest.raises(KindredError, match="ended unexpectedly"):
        clients.round([(0, Where()), (1, Die())])
    assert time.perf_counter() - started < 20 and not alive(clients)


def test_in_process(prepared):
    clients = InProcess()
    clients.start(prepared)
    assert clients.round([(1, Where())]) == [(os.getpid(), 30)]
    clients.close()


@pytest.mark.parametrize("workers", [0, -1, 1.5, True])
def test_a_number_of_processes_that_is_none_is_refused(workers):
    with pytest.raises(KindredError, match="at least 1"):
        Processes(workers)
