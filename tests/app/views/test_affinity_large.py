"""What the Affinity page and the task graph say of many tasks: clusters, the strongest pairs, a moving picture."""

import numpy as np
import pytest

from app.views.affinity_clusters import onto_others, within
from app.views.affinity_strongest import Strongest
from engine.affinity.matrix import AffinityMatrix
from engine.affinity.series import AffinitySeries
from engine.charts.dendrogram import cluster_tree
from engine.texts import speaking, text
from tests.app.views.stored import TASKS, trained


def mean(tasks: int, windows: int = 6, seed: int = 0):
    totals = np.random.default_rng(seed).normal(0.1, 1, (windows, tasks, tasks)).astype(np.float32)
    names = tuple(f"task {task}" for task in range(tasks))
    return AffinitySeries(names, np.arange(windows + 1), np.ones(windows, int), totals, totals**2).mean()


@pytest.mark.parametrize("tasks", [3, 12, 200])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_strongest_are_the_furthest_from_zero_on_their_side(tasks, sign):
    found = Strongest.of(mean(tasks), sign)
    others = sign * mean(tasks).affinity[~np.eye(tasks, dtype=bool)]
    expected = np.sort(others[others > 0])[::-1][:10]
    np.testing.assert_array_equal(sign * found.values, expected)
    assert (found.sources != found.targets).all()
    np.testing.assert_array_equal(found.values, mean(tasks).affinity[found.sources, found.targets])


def test_a_pair_is_sure_beyond_two_standard_errors_and_never_where_none_is_known():
    found = Strongest.of(mean(12), 1)
    np.testing.assert_array_equal(found.sure, found.values > 2 * found.errors)
    assert found.sure.any() and not Strongest.of(mean(12, windows=1), 1).sure.any()


def test_each_pair_is_listed_once_where_both_directions_are_the_same():
    found = Strongest.of(mean(8), 1, mutual=True)
    assert (found.sources < found.targets).all()


def test_unknown_pairs_are_on_neither_list():
    unknown = mean(4)
    unknown.affinity[0, 1] = np.nan
    both = [Strongest.of(unknown, sign) for sign in (1, -1)]
    listed = [pair for found in both for pair in zip(found.sources, found.targets, strict=True)]
    assert (0, 1) not in listed and len(listed) == 11


def test_means_within_and_onto_others():
    matrix = np.array([[9.0, 1.0, 5.0], [3.0, 9.0, np.nan], [7.0, 8.0, 9.0]])
    assert within(matrix, (0, 1)) == 2 and onto_others(matrix, (0, 1)) == 5
    assert np.isnan(within(matrix, (2,))) and np.isnan(onto_others(matrix, (0, 1, 2)))


def tables(app):
    return [frame.value for frame in app.dataframe]


def test_the_page_lists_the_strongest_helps_and_harms(show, store):
    run_id = trained(store)
    helps, harms = tables(show("affinity", run=run_id))
    affinity = store.series(run_id).mean().affinity
    for table, sign in ((helps, 1), (harms, -1)):
        first = table.iloc[0]
        others = np.where(np.eye(len(TASKS), dtype=bool), np.nan, sign * affinity)
        source, target = np.unravel_index(np.nanargmax(others), others.shape)
        assert [first["source"], first["target"]] == [TASKS[source], TASKS[target]]
        assert first["affinity"] == pytest.approx(affinity[source, target])
        assert first["beyond 2 s.e."] == "yes"


def test_by_clustering_the_clusters_of_the_cut_are_listed(show, store):
    run_id = trained(store)
    app = show("affinity", run=run_id, order="cluster", cut="2")
    assert not app.exception and app.query_params["cut"] == "2"
    clusters = tables(app)[0]
    expected = cluster_tree(store.series(run_id).mean().affinity).clusters(2)
    assert list(clusters["which"]) == [", ".join(TASKS[task] for task in members) for members in expected]
    assert "cut" not in show("affinity", run=run_id, cut="2").query_params  # no tree is shown


def test_a_cut_finer_than_the_slider_goes_is_its_finest(show, store):
    app = show("affinity", run=trained(store), order="cluster", cut="500")
    assert not app.exception and app.query_params["cut"] == "3"


@pytest.mark.parametrize("tasks", [1, 2, 3])
def test_few_tasks_are_clustered_too(show, store, tasks):
    run_id = store.add_matrix(AffinityMatrix(tuple("abc"[:tasks]), np.ones((tasks, tasks))), "few")
    for page in ("affinity", "graph"):
        app = show(page, run=run_id, order="cluster")
        assert not app.exception and not app.error


def test_how_many_arrows_is_a_choice_in_the_address(show, store):
    run_id = trained(store)
    assert "top" not in show("graph", run=run_id).query_params  # three a task
    assert show("graph", run=run_id, top="7").query_params["top"] == "7"


def test_a_moving_picture_is_made_once_it_is_asked_for(show, store):
    app = show("affinity", run=trained(store))
    app.session_state["affinity-moving"] = True
    app.run()
    (prepare,) = [button for button in app.button if button.label == "Prepare the GIF"]
    assert not app.get("download_button") or "Save the GIF" not in [each.label for each in app.get("download_button")]
    prepare.click().run()
    assert not app.exception
    assert "Save the GIF" in [each.proto.label for each in app.get("download_button")]


@pytest.mark.parametrize("page", ["affinity", "graph"])
def test_the_pages_speak_chinese(show, store, page):
    app = show(page, run=trained(store), language="zh", order="cluster", pair='["a", "b"]')
    assert not app.exception and not app.error
    with speaking("zh"):
        assert app.title[0].value == text(f"{page}.title")
    latin = " ".join(each.label for each in (*app.toggle, *app.expander))
    assert not any(word in latin for word in ("Show", "Mark", "table", "The "))
