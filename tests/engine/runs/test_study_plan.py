"""From words to networks: which, in what order, and what cannot be read."""

from itertools import combinations

import pytest

from engine.errors import KindredError
from engine.runs.study_config import StudyConfig
from engine.runs.study_plan import named_networks, random_partitions
from engine.studies.study import StudyNetwork

TASKS = ("a", "b", "c", "d")


def names(text, tasks=TASKS, seed=0):
    return [network.name for network in named_networks(text, tasks, seed)]


def test_words_name_their_networks():
    assert names("half_singles") == ["a@0.5", "b@0.5", "c@0.5", "d@0.5"]
    assert names("singles") == list(TASKS)
    assert names("pairs") == ["+".join(pair) for pair in combinations(TASKS, 2)]
    assert names("all_in_one") == ["a+b+c+d"]
    assert names("b+a, c@0.5, d+b@2") == ["a+b", "c@0.5", "b+d@2"]
    assert len(names("whole")) == 2**4 - 1 + 4
    assert names("a+b,b+a,pairs,a+b@1").count("a+b") == 1


def test_every_network_can_be_written_as_it_is_named():
    for network in named_networks("whole,a+b@0.25", TASKS, 0):
        assert named_networks(network.name, TASKS, 0) == (network,)


def test_random_partitions_hold_every_task_once_and_follow_the_seed():
    for seed in range(20):
        tasks = [task for network in random_partitions(TASKS, 1, seed) for task in network.tasks]
        assert sorted(tasks) == list(TASKS)
    assert names("random:5", seed=3) == names("random:5", seed=3) != names("random:5", seed=4)
    assert set(names("random:5", seed=3)) <= set(names("random:9", seed=3)) <= set(names("whole"))


def test_a_name_with_a_comma_is_quoted():
    assert named_networks('"a,b+c"', ("c", "a,b"), 0) == (StudyNetwork(("c", "a,b")),)


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "No network is listed"),
        ("a+e", "no task 'e'.*a, b, c, d.*depth@0.5"),
        ("trios", "no task 'trios'"),
        ("a+a", "not different tasks"),
        ("a+", "not different tasks"),
        ("a@", "size of the network 'a@' is ''"),
        ("a@half", "is 'half'.*rename it"),
        ("a@0", "from 0.01 to 100"),
        ("a@nan", "from 0.01 to 100"),
        ("random:0", "whole number from 1"),
        ("random:many", "whole number from 1"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(text, said):
    with pytest.raises(KindredError, match=said) as refusal:
        named_networks(text, TASKS, 0)
    assert "\n" not in str(refusal.value)


def test_a_whole_study_of_many_tasks_is_refused():
    many = [f"task {number}" for number in range(13)]
    with pytest.raises(KindredError, match="13 tasks has 2\\^13 − 1 networks; choose at most 12"):
        named_networks("whole", many, 0)
    assert len(named_networks("whole", many[:12], 0)) == 2**12 - 1 + 12


def test_awkward_names_are_told_how_to_be_listed():
    awkward = ("x+y", "z@home", "w")
    assert len(named_networks("singles,pairs,half_singles", awkward, 0)) == 9
    for word in ("x+y", "z@home"):
        with pytest.raises(KindredError, match="name holds \\+ or @ cannot be written so: rename it, or use words"):
            named_networks(word, awkward, 0)


def test_orders_go_seed_by_seed_from_the_most_telling_on():
    config = StudyConfig("yeast", networks="whole,transfer", seeds=2, seed=5)
    orders = config.orders(("a", "b", "c"))
    first = ["a@0.5", "b@0.5", "c@0.5", "a", "b", "c", "a+b+c", "a+b", "a+c", "b+c"]
    assert [order.network.name for order in orders[:10]] == first
    lent = [(order.transfer_from, order.tasks[0]) for order in orders[10:16]]
    assert lent == [("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b")]
    assert [order.seed for order in orders] == [5] * 16 + [6] * 16 and len(set(orders)) == 32
    observing = StudyConfig("yeast", networks="singles", observe=True).orders(("a", "b"))
    assert [order.network.name for order in observing] == ["a+b", "a", "b"]


def test_transfer_brings_the_networks_that_lend_their_trunks():
    orders = StudyConfig("yeast", networks="transfer").orders(("a", "b"))
    assert [order.name for order in orders] == [
        "a, seed 0", "b, seed 0", "b on the trunk of a, seed 0", "a on the trunk of b, seed 0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "told, said",
    [
        ({"seeds": 0}, "Seeds is 0"),
        ({"workers": 0}, "Workers is 0"),
        ({"patience": 0}, "Patience is 0"),
        ({"early_share": 0.0}, "Early share is 0.0"),
        ({"networks": "random:x"}, "random:8"),
        ({"auxiliary": "maxl", "primary": "a"}, "set auxiliary to none"),
        ({"primary": "a"}, "leave primary empty"),
        ({"observe": True, "affinity": "none"}, "estimator is none; choose one"),
        ({"observe": True, "architecture": "soft_sharing"}, "or the estimator none"),
        ({"networks": "transfer", "architecture": "mtan"}, "trunk of hard_sharing"),
        ({"seed": 2**31 - 1, "seeds": 2}, "begin lower"),
        ({"width": 0}, "Width is 0"),
    ],
)
def test_bad_settings_are_refused(told, said):
    with pytest.raises(KindredError, match=said):
        StudyConfig("yeast", **told)


def test_without_observing_no_estimator_has_to_fit():
    assert StudyConfig("yeast", architecture="soft_sharing").affinity == "none"
