from dataclasses import replace

import pytest

from engine.errors import KindredError
from engine.runs import new
from engine.runs import run as run_module
from engine.runs.config import RunConfig
from tests.engine.runs.writing import silent_for

CONFIG = RunConfig("yeast")


def test_several_seeds_are_a_group_named_by_its_first_run(store):
    ids = store.create_seeds(replace(CONFIG, seed=7), "mine", 3)
    members = store.group(ids[0])
    assert [run.id for run in members] == ids and {run.group for run in members} == {ids[0]}
    assert [run.config["seed"] for run in members] == [7, 8, 9]
    assert [run.name for run in members] == ["mine · seed 7", "mine · seed 8", "mine · seed 9"]
    assert {**members[2].config, "seed": 7} == members[0].config
    joined = store.create(replace(CONFIG, seed=20), "later", group=ids[0])
    assert [run.id for run in store.group(ids[0])] == [*ids, joined]


def test_a_single_seed_is_no_group(store):
    (run_id,) = store.create_seeds(CONFIG, "alone", 1)
    assert (store.run(run_id).group, store.run(run_id).name) == ("", "alone")


@pytest.mark.parametrize(
    ("config", "seeds", "said"),
    [(CONFIG, 0, "1 to 100"), (CONFIG, 101, "1 to 100"), (replace(CONFIG, seed=2**31 - 2), 3, "Seed is")],
)
def test_impossible_seeds_are_refused_and_none_is_stored(store, config, seeds, said):
    with pytest.raises(KindredError, match=said):
        store.create_seeds(config, seeds=seeds)
    assert all(run.origin == "published" for run in store.runs())


@pytest.mark.parametrize("group", ["", "nope"])
def test_a_group_that_is_none_is_refused(store, group):
    with pytest.raises(KindredError, match="no group"):
        store.group(group)


def test_seeds_that_wait_their_turn_are_not_given_up(store):
    first, second = store.create_seeds(CONFIG, seeds=2)
    store.claim(first)
    for run_id in (first, second):
        silent_for(store, run_id, run_module.PATIENCE + 1)
    store.keep_waiting([first, second])
    assert [run.status for run in store.group(first)] == ["interrupted", "queued"]


@pytest.mark.parametrize("name", ["a\x1b[2Jb", "two\nlines", "a\0b", "\ud800"])
def test_a_name_that_a_terminal_would_obey_is_refused(name):
    with pytest.raises(KindredError, match="control character"):
        new.checked_name(name)


def test_any_other_name_is_kept():
    assert new.checked_name("  naïve 👩\u200d💻 <b>run</b>  ") == "naïve 👩\u200d💻 <b>run</b>"
