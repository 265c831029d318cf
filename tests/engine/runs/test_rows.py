from dataclasses import replace

import numpy as np
import pytest

from engine.runs.store import WriterReplaced
from engine.tasks import Evaluation
from tests.engine.runs.writing import rows_of, running, window


def test_counts_of_skipped_pairs_are_read_back_and_full_ones_take_no_space(store):
    run_id, token = running(store)
    counts = np.array([[5, 0], [3, 5]])
    skipping, full = replace(window(5, 10, 2), counts=counts), replace(window(10, 15, 3), counts=np.full((2, 2), 5))
    store.write(run_id, token, [window(0, 5, 1), skipping, full])
    series = store.series(run_id)
    assert series.counts.tolist() == [[[5, 5], [5, 5]], counts.tolist(), [[5, 5], [5, 5]]]
    assert series.counts.dtype == np.int64
    kept = rows_of(store, "SELECT counts FROM windows WHERE run = :run ORDER BY step_from", run=run_id)
    assert kept == [(None,), (counts.astype("<u4").tobytes(),), (None,)]


def test_a_window_replaces_those_that_it_overlaps(store):
    run_id, token = running(store)
    store.write(run_id, token, [window(0, 5, 1), window(5, 10, 2), window(10, 15, 3), window(15, 20, 4)])
    longer = window(5, 12, 5)
    store.write(run_id, token, [longer])
    series = store.series(run_id)
    assert series.edges.tolist() == [0, 5, 15, 20] and np.array_equal(series.totals[1], longer.total)


def test_rewinding_drops_what_the_loop_will_write_anew(store):
    run_id, token = running(store)
    losses = [Evaluation(step, "train", np.float32([1, 2]), np.float32([0, 0])) for step in (5, 10, 15)]
    store.write(run_id, token, [window(0, 5), window(5, 10), window(10, 15)], losses, step=15)
    store.rewind(run_id, token, 10)
    assert store.series(run_id).edges.tolist() == [0, 5, 10] and store.run(run_id).step == 10
    assert [each.step for each in store.evaluations(run_id)] == [5, 10]
    with pytest.raises(WriterReplaced):
        store.rewind(run_id, "another", 0)
    assert len(store.series(run_id)) == 2
