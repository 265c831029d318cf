import numpy as np
import pytest

from app.components.subject import GROUP, find, subjects
from engine.affinity.series import Window
from engine.errors import KindredError
from engine.runs.config import RunConfig


def seeds(store, name="yeast", count=3):
    return store.create_seeds(RunConfig("yeast"), name, count)


def test_a_group_stands_before_its_newest_run_and_each_of_its_runs_can_be_chosen_too(store):
    ids = seeds(store)
    alone = store.create(RunConfig("digits"), "alone")
    known = subjects(store.runs())
    assert list(known)[:5] == [alone, GROUP + ids[0], ids[2], ids[1], ids[0]]
    assert [run.id for run in known[GROUP + ids[0]].runs] == ids
    assert not known[ids[0]].several


def test_a_group_of_one_run_is_no_choice_of_its_own(store):
    ids = seeds(store, count=2)
    store.request_cancel(ids[1])
    store.delete(ids[1])
    assert not any(name.startswith(GROUP) for name in subjects(store.runs()))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("yeast · seed 0", "yeast · seed 1"), "yeast, 2 seeds"),
        (("yeast · seed 9", "yeast · seed 10", "yeast · seed 11"), "yeast, 3 seeds"),
        (("exp 1 · seed 1", "exp 1 · seed 12"), "exp 1, 2 seeds"),
        (("net50", "net50"), "net50, 2 seeds"),
        (("one", "two"), "my group, 2 seeds"),
    ],
)
def test_a_group_is_called_what_its_runs_have_in_common(store, names, said):
    for name in names:
        run_id, token = store.create_tracked(name, ["a", "b"], {}, "affinity", group="my group")
        store.write(run_id, token, status="finished")
    assert subjects(store.runs())[GROUP + "my group"].name == said


def test_runs_without_names_are_called_by_their_data_set_and_told_apart_by_the_id(store):
    ids = seeds(store, name="")
    assert find(store, GROUP + ids[0]).label == f"yeast, 3 seeds  ·  {ids[0]}"


def test_the_slowest_active_run_is_the_one_that_has_come_least_far(store):
    ids = seeds(store)
    for run_id, step, status in zip(ids, (5, 30, 20), ("failed", "running", "running"), strict=True):
        store.write(run_id, store.claim(run_id), step=step, steps=90, status=status)
    subject = find(store, GROUP + ids[0])
    assert subject.active and subject.slowest.id == ids[2]
    assert find(store, ids[0]).slowest is None


def test_a_grouping_file_s_source_names_all_seeds(store):
    ids = seeds(store, count=2)
    for run_id in ids:
        window = Window(0, 5, 5, np.ones((2, 2), np.float32), np.ones((2, 2), np.float32))
        store.write(run_id, store.claim(run_id), [window], tasks=["a", "b"], status="finished")
    source = find(store, GROUP + ids[0]).source(store.series(ids[0]).mean())
    assert source == {
        "run": ids[0],
        "name": "yeast, 2 seeds",
        "from": 0,
        "to": 5,
        "updates": 5,
        "seeds": ", ".join(ids),
    }


def test_what_was_deleted_is_named(store):
    with pytest.raises(KindredError, match="no group 'gone'"):
        find(store, GROUP + "gone")
    with pytest.raises(KindredError, match="no run 'gone'"):
        find(store, "gone")
