import numpy as np
import pytest

from app.components.learned import Learned, mean_and_margin
from tests.app.views.stored_models import curves


def test_errors_are_found_again_at_their_method_size_seed_and_task():
    content = curves()
    learned = Learned.of(content)
    for row in content["rows"]:
        place = (
            learned.methods.index(row["method"]),
            learned.sizes.index(row["size"]),
            learned.seeds.index(row["seed"]),
        )
        np.testing.assert_array_equal(learned.errors[place], row["errors"])


def test_what_is_not_there_yet_is_unknown():
    learned = Learned.of(curves(rows=11))
    assert np.isfinite(learned.of_task(None)).sum() == np.isfinite(learned.errors).all(-1).sum() == 11
    assert len(learned.table()) == 11 * len(learned.tasks)


def test_a_task_without_test_samples_counts_for_nothing():
    content = curves(tasks=("a", "b"), methods=("independent",), sizes=(10,), seeds=1)
    content["rows"][0]["errors"] = [None, 0.25]
    learned = Learned.of(content)
    assert learned.of_task(None).item() == 0.25 and np.isnan(learned.of_task("a").item())


def test_all_samples_lie_at_their_mean_count_whatever_the_order_of_the_sizes():
    learned = Learned.of(curves(sizes=(None, 10, 40), most=100))
    assert learned.sizes == (10, 40, None)
    np.testing.assert_allclose(learned.samples, [10, 40, 102])  # of five tasks, from 100 samples to 104
    assert [learned.size_name(place) for place in range(3)] == ["10", "40", "all (102)"]


def test_where_nothing_is_drawn_one_seed_stands_for_all():
    learned = Learned.of(curves(sizes=(10, None)))
    assert learned.drawn.tolist() == [True, False]
    assert np.isfinite(learned.of_task(None)).sum(-1).tolist() == [[5, 1]] * len(learned.methods)


def test_differences_are_taken_seed_by_seed():
    learned = Learned.of(curves())
    difference = learned.less_base(None)[:, :3]
    base = learned.methods.index("independent")
    assert (difference[base] == 0).all()
    errors = learned.of_task(None)[:, :3]
    np.testing.assert_allclose(difference, errors - errors[base])
    own = mean_and_margin(errors)[1]
    assert mean_and_margin(difference)[1][1:].mean() < own[1:].mean() / 2  # what a sample does to all falls out
    assert Learned.of(curves(methods=("pooled",))).less_base(None) is None


def test_a_margin_is_student_s_t_and_unknown_for_one_seed():
    mean, margin, count = mean_and_margin(np.array([[[1.0, 2.0, 3.0], [4.0, np.nan, np.nan], [np.nan] * 3]]))
    assert mean[0, 0] == 2 and margin[0, 0] == pytest.approx(4.303 / np.sqrt(3), rel=1e-3)
    assert mean[0, 1] == 4 and np.isnan(margin[0, 1])
    assert np.isnan(mean[0, 2]) and count.tolist() == [[3, 1, 0]]
