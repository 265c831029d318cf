import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.datasets.tables.reading import tidied
from engine.datasets.tables.splitting import by_group, split_table
from engine.errors import KindredError
from tests.engine.datasets.tables.made import ROWS, houses

FRAME = tidied(houses()).assign(patient=[f"p{row % 37}" for row in range(ROWS)], gap=np.nan)
GROUPS = st.lists(st.integers(0, 30), min_size=20, max_size=200).map(np.array).filter(lambda g: len(set(g)) >= 3)


def sizes(splits):
    return [len(split) for split in splits]


@given(GROUPS)
@settings(deadline=None)
def test_groups_are_split_whole_and_every_split_has_some(groups):
    splits = by_group(groups)
    assert sorted(np.concatenate(splits)) == list(range(len(groups)))
    held = [set(groups[split]) for split in splits]
    assert all(held) and not held[0] & held[1] and not held[0] & held[2] and not held[1] & held[2]


@given(GROUPS, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_the_order_of_samples_does_not_move_a_group(groups, random):
    order = np.array(random.sample(range(len(groups)), len(groups)))
    for one, other in zip(by_group(groups), by_group(groups[order]), strict=True):
        assert set(groups[one]) == set(groups[order][other])


@given(st.integers(20, 300))
@settings(deadline=None)
def test_small_groups_come_near_the_shares(samples):
    for split, share in zip(by_group(np.arange(samples) // 2), (0.6, 0.2, 0.2), strict=True):
        assert abs(len(split) - share * samples) <= 3


def test_fewer_than_three_groups_are_refused():
    with pytest.raises(KindredError, match="2 groups; at least three"):
        by_group(np.arange(20) % 2)


@pytest.mark.parametrize(("split", "by"), [("random", ""), ("group", "patient"), ("group", "built"), ("time", "")])
def test_every_row_is_in_one_split(split, by):
    splits = split_table(FRAME, split, by)
    assert sorted(np.concatenate(splits)) == list(range(ROWS))
    assert sizes(splits) == pytest.approx([0.6 * ROWS, 0.2 * ROWS, 0.2 * ROWS], abs=6)
    assert all((one == other).all() for one, other in zip(splits, split_table(FRAME, split, by), strict=True))


@pytest.mark.parametrize("by", ["built", "sold"])
def test_later_rows_are_tested_on(by):
    train, validation, test = (FRAME[by].iloc[split] for split in split_table(FRAME, "time", by))
    assert train.max() <= validation.min() and validation.max() <= test.min()


def test_without_a_column_the_rows_are_in_the_order_of_time():
    assert np.concatenate(split_table(FRAME, "time", "")).tolist() == list(range(ROWS))


def test_times_of_many_digits_are_in_order():
    moments = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.random.default_rng(0).permutation(ROWS), unit="us")
    splits = split_table(tidied(pd.DataFrame({"at": moments})), "time", "at")
    assert moments[np.concatenate(splits)].is_monotonic_increasing


@pytest.mark.parametrize(
    ("split", "by", "words"),
    [
        ("random", "patient", "--split group"),
        ("group", "", "--split-by"),
        ("group", "gap", "Row 1 has no value of 'gap'"),
        ("time", "area", "Row 1 has no value of 'area'"),
        ("time", "patient", "row 1 has 'p0'"),
        ("group", "garden", "2 groups"),
    ],
)
def test_a_split_that_cannot_be_made_is_refused(split, by, words):
    with pytest.raises(KindredError, match=words):
        split_table(FRAME, split, by)
