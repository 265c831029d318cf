"""The browser's arithmetic against Python's, on the same random inputs."""

import base64
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from playwright.sync_api import Page

from app.components import pieces
from app.components.assets import FRONTEND
from app.components.live_chart.sent import over_time
from engine.affinity.series import MIN_BATCHES, AffinitySeries
from engine.affinity.uncertainty import SeedGroup
from engine.charts.heatmap import robust_max, scale_affinity
from engine.charts.quantity import quantity_of
from engine.errors import KindredError

pytestmark = pytest.mark.browser


class _Quiet(SimpleHTTPRequestHandler):
    extensions_map = {".js": "text/javascript", "": "text/html"}

    def log_message(self, *_arguments: object) -> None:
        """Nothing, as pytest has its own report."""


@pytest.fixture(scope="module")
def modules() -> Iterator[str]:
    """The address of the JavaScript modules, on a server without Streamlit."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(FRONTEND)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def numbers(page: Page, modules: str) -> Page:
    """A tab in which ``series`` and ``scaling`` are the modules of that name."""
    page.goto(modules)
    page.evaluate(
        "async () => { window.series = await import('/series.js'); window.scaling = await import('/scaling.js'); }"
    )
    return page


def random_series(seed: int, tasks: int = 6, windows: int = 12) -> AffinitySeries:
    generator = np.random.default_rng(seed)
    edges = np.concatenate([[0], np.cumsum(generator.integers(1, 30, windows))])
    totals = generator.normal(0, 10.0 ** generator.integers(-6, 3), (windows, tasks, tasks)).astype(np.float32)
    updates = generator.integers(1, 9, windows)
    return AffinitySeries(tuple(map(str, range(tasks))), edges, updates, totals, totals**2)


def skipping(series: AffinitySeries, seed: int) -> AffinitySeries:
    """The same where some updates skipped some pairs, and one pair is observed in three windows only, one never."""
    counts = np.random.default_rng(seed).integers(0, series.updates[:, None, None] + 1, series.totals.shape)
    counts[:, 0, 1] = 0
    counts[3:, 1, 2] = 0
    totals = np.where(counts > 0, series.totals, 0)
    return AffinitySeries(series.tasks, series.edges, series.updates, totals, totals**2, counts)


def sent(series: AffinitySeries, seeds: tuple[AffinitySeries, ...] = ()) -> dict:
    return over_time(series, seeds, "shared", {})["series"]


def start_of(series: AffinitySeries, windows: int) -> AffinitySeries:
    """Its first windows."""
    counts = None if series.complete else series.counts[:windows]
    return AffinitySeries(
        series.tasks,
        series.edges[: windows + 1],
        series.updates[:windows],
        series.totals[:windows],
        series.total_squares[:windows],
        counts,
    )


INTERVALS = [(0, 12), (0, 1), (11, 12), (3, 8), (2, 6), (5, 8)]
# of 53 windows, in pieces of 16, 16, 16, 1, 1, 1, 1 and 1: within a piece, from edge to edge, between edges, at the end
AMONG_PIECES = [(0, 53), (3, 9), (17, 18), (0, 16), (16, 48), (5, 17), (9, 30), (15, 49), (1, 47), (20, 52), (48, 53),
                (50, 51), (49, 53), (30, 48), (31, 53)]  # fmt: skip
DECODE = (
    "async (sent) => { window.kept ??= new Map(); const { totals } = window.decoded?.members[0].upTo[1] ?? {};"
    " window.decoded = series.decodeSeries(await series.withNumbers(sent, kept), 6, window.decoded);"
    " return totals === decoded.members[0].upTo[1].totals; }"
)
BOTH = (
    "(ranges) => ranges.map((range) => [series.meanOver(decoded, ...range), series.errorOver(decoded, ...range)]"
    ".map((values) => Array.from(values, (value) => (Number.isFinite(value) ? value : null))))"
)


def inline(content: dict) -> dict:
    """The same with each piece in its address, as there is no server here."""

    def written(address: str) -> str:
        return "data:;base64," + base64.b64encode(pieces._held[address.rpartition("/")[2]]).decode()

    members = [each | {"pieces": list(map(written, each["pieces"]))} for each in content["members"]]
    return content | {"members": members}


def over(numbers: Page, content: dict, *ranges: tuple[int, int]) -> np.ndarray:
    """Mean and standard error over ranges of windows, as the browser computes them from what it was shown before and is
    shown now: ``[range, 2, source, target]``."""
    numbers.evaluate(DECODE, inline(content))
    return np.array(numbers.evaluate(BOTH, ranges), dtype=np.float64).reshape(-1, 2, 6, 6)


def check(numbers: Page, series: AffinitySeries, ranges: list[tuple[int, int]]) -> None:
    """The browser's mean and standard error are the engine's."""
    for (first, last), (mean, error) in zip(ranges, over(numbers, sent(series), *ranges), strict=True):
        expected = series.mean(int(series.edges[first]), int(series.edges[last]))
        np.testing.assert_allclose(mean, expected.affinity, rtol=1e-12)
        if last - first >= MIN_BATCHES:
            np.testing.assert_allclose(error, expected.standard_error, rtol=1e-9)
        else:
            assert np.isnan(error).all()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("ranges", [INTERVALS, AMONG_PIECES])
def test_mean_and_error_over_any_interval_are_the_engines(
    numbers: Page, seed: int, complete: bool, ranges: list[tuple[int, int]]
):
    series = random_series(seed, windows=ranges[0][1])
    series = series if complete else skipping(series, seed)
    assert sent(series)["members"][0]["complete"] == complete
    check(numbers, series, ranges)


@pytest.mark.parametrize("complete", [True, False])
def test_a_run_that_grows_has_the_engines_mean_and_error_at_every_length(numbers: Page, complete: bool):
    whole = random_series(0, windows=53) if complete else skipping(random_series(0, windows=53), 0)
    for windows in [1, 2, 15, 16, 17, 18, 31, 32, 47, 48, 53]:
        ranges = {(min(first, windows - 1), min(last, windows)) for first, last in AMONG_PIECES}
        check(numbers, start_of(whole, windows), sorted(ranges))


def test_a_run_whose_updates_begin_to_skip_pairs_or_that_is_taken_up_again_is_read_anew(numbers: Page):
    whole = random_series(0, windows=40)
    check(numbers, start_of(whole, 33), [(0, 33), (7, 20)])
    counts = np.broadcast_to(whole.updates[:, None, None], whole.totals.shape).copy()
    counts[35, 0, 1], whole.totals[35, 0, 1] = 0, 0
    skipped = AffinitySeries(whole.tasks, whole.edges, whole.updates, whole.totals, whole.total_squares, counts)
    check(numbers, skipped, [(0, 40), (7, 40), (30, 36)])
    again = np.concatenate([whole.totals[:20], random_series(1, windows=5).totals])
    updates = np.append(whole.updates[:18], [2] * 7)  # of windows 18 and 19 the sums are the same
    shorter = AffinitySeries(whole.tasks, whole.edges[:26], updates, again, again**2)
    check(numbers, shorter, [(0, 25), (7, 25), (17, 22)])


def test_updates_that_change_are_heeded_though_the_sums_of_a_piece_do_not(numbers: Page):
    totals = np.zeros((20, 6, 6), np.float32)
    totals[:16] = random_series(0, windows=16).totals
    for updates in (np.full(20, 3), np.append(np.full(16, 3), [1, 2, 3, 4])):
        check(numbers, AffinitySeries(tuple("abcdef"), np.arange(21), updates, totals, totals), [(0, 20), (9, 18)])


def test_what_is_there_is_neither_fetched_nor_summed_again(numbers: Page):
    whole = random_series(0, windows=40)
    numbers.evaluate(
        "() => { const ask = fetch; window.asked = 0; window.fetch = (at) => { asked += 1; return ask(at); }; }"
    )
    fetched = []
    for windows in (30, 31, 31, 32, 34):
        same = numbers.evaluate(DECODE, inline(sent(start_of(whole, windows))))
        assert same == bool(fetched)
        fetched.append(numbers.evaluate("asked"))
    assert fetched == [1 + 14, 16, 16, 17, 19]
    assert numbers.evaluate("kept.size") == 4


def test_a_spread_that_is_small_beside_the_mean_does_not_drown(numbers: Page):
    noise = np.random.default_rng(0).normal(0, 1e-3, (12, 6, 6))
    totals = (1000 + noise).astype(np.float32)
    series = AffinitySeries(tuple("abcdef"), np.arange(13), np.ones(12, int), totals, totals**2)
    [[_, error]] = over(numbers, sent(series), (2, 10))
    expected = totals[2:10].astype(np.float64).std(0, ddof=1) / np.sqrt(8)
    np.testing.assert_allclose(error, expected, rtol=1e-6)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("ranges", [INTERVALS, AMONG_PIECES])
def test_several_seeds_count_alike_and_their_error_is_the_spread_between_them(
    numbers: Page, complete: bool, ranges: list[tuple[int, int]]
):
    members = [random_series(seed, windows=ranges[0][1]) for seed in (0, 1, 2)]
    members = [AffinitySeries(each.tasks, members[0].edges, each.updates, each.totals, each.totals) for each in members]
    if not complete:
        members[1] = skipping(members[1], 1)
    over(numbers, sent(start_of(members[0], 10), [start_of(each, 10) for each in members]), (0, 10))  # they grow
    group = SeedGroup(tuple(members))
    found = over(numbers, sent(group.pooled, group.aligned), *ranges)
    for (first, last), (mean, error) in zip(ranges, found, strict=True):
        expected = group.mean(int(group.pooled.edges[first]), int(group.pooled.edges[last]))
        np.testing.assert_allclose(mean, expected.affinity, rtol=1e-9)
        np.testing.assert_allclose(error, expected.standard_error, rtol=1e-9)


def test_windows_that_hold_a_networks_state_say_nothing_of_an_error(numbers: Page):
    members = tuple(random_series(seed) for seed in (0, 0))
    words = quantity_of("mixing")
    alone = over_time(members[0], (), "shared", {}, words)["series"]
    [[mean, error]] = over(numbers, alone, (2, 10))
    edges = members[0].edges
    np.testing.assert_allclose(mean, members[0].mean(int(edges[2]), int(edges[10])).affinity, rtol=1e-9)
    assert np.isnan(error).all()
    [[_, between]] = over(numbers, over_time(members[0], members, "shared", {}, words)["series"], (2, 10))
    np.testing.assert_allclose(between, 0, atol=1e-9)
    check(numbers, members[0], [(2, 10)])  # the same pieces, of a quantity whose windows differ by noise


def test_seeds_on_other_edges_are_refused():
    with pytest.raises(KindredError, match="bring all seeds to common edges"):
        sent(random_series(0), (random_series(0), random_series(1)))


def test_unsure_is_what_lies_within_two_errors_of_what_the_scale_draws_as_nothing(numbers: Page):
    affinity = np.array([[9.0, 1.0, 5.0], [3.0, 9.0, 5.2], [1.0, 1.9, 9.0]])
    error = np.full((3, 3), 0.6)
    error[2, 0] = np.nan

    def unsure(scale: str) -> list[bool]:
        call = "([affinity, errors, scale]) => scaling.unsureCells(Float64Array.from(affinity), errors, 3, scale)"
        errors = [None if np.isnan(value) else value for value in error.ravel()]
        return numbers.evaluate(call.replace("errors, 3", "errors.map((value) => value ?? NaN), 3"),
                                [affinity.ravel().tolist(), errors, scale])  # fmt: skip

    expected = np.abs(affinity) < 2 * error
    assert unsure("shared") == unsure("target") == expected.ravel().tolist()
    others = np.where(np.eye(3, dtype=bool), np.nan, affinity)
    assert unsure("centred") == (np.abs(affinity - np.nanmean(others, axis=0)) < 2 * error).ravel().tolist()


@pytest.mark.parametrize("seed", range(5))
def test_steps_widen_to_the_same_windows(numbers: Page, seed: int):
    series = random_series(seed)
    generator = np.random.default_rng(seed)
    for _ in range(40):
        start, stop = sorted(map(int, generator.choice(int(series.edges[-1]) + 1, 2, replace=False)))
        found = numbers.evaluate("(asked) => series.windowsBetween(...asked)", [series.edges.tolist(), start, stop])
        assert tuple(found) == series.windows_between(start, stop)


@pytest.mark.parametrize("tasks", [2, 3, 12, 60])
def test_the_robust_maximum_is_pythons(numbers: Page, tasks: int):
    values = np.random.default_rng(tasks).standard_t(2, tasks * tasks)
    values[0] = np.nan
    assert numbers.evaluate("(values) => scaling.robustMax(values)", values.tolist()) == robust_max(values)


@pytest.mark.parametrize("scale", ["shared", "target", "centred"])
@pytest.mark.parametrize("tasks", [2, 5, 30])
def test_the_scales_are_pythons_at_a_step_and_over_an_interval(numbers: Page, scale: str, tasks: int):
    generator = np.random.default_rng(tasks)
    stack = generator.normal(-1, 1, (4, tasks, tasks)) * generator.uniform(0.01, 10, tasks)
    stack[0, 0, 1] = np.nan
    for over in (stack, stack[:1]):
        found = numbers.evaluate(
            "([stack, tasks, scale]) => { const values = Float64Array.from(stack);"
            " const { values: shown, limit } = scaling.scaleOver(values, tasks, scale)(values.subarray(0, tasks ** 2));"
            " return [[...shown], limit]; }",
            [over.ravel().tolist(), tasks, scale],
        )
        expected = scale_affinity(stack[0], scale, over)
        np.testing.assert_allclose(np.reshape(found[0], (tasks, tasks)), expected.values, rtol=1e-9)
        assert found[1] == pytest.approx(expected.limit, rel=1e-12)


def test_an_empty_window_shows_nothing_and_harms_no_other(numbers: Page):
    totals = np.stack([np.zeros((2, 2), np.float32), np.ones((2, 2), np.float32)])
    series = AffinitySeries(("a", "b"), np.array([0, 10, 20]), np.array([0, 2]), totals, totals)
    means = numbers.evaluate(
        "async (sent) => { const decoded = series.decodeSeries(await series.withNumbers(sent), 2);"
        " return [[...series.meanOver(decoded, 0, 1)], [...series.meanOver(decoded, 0, 2)]]; }",
        inline(sent(series)),
    )
    assert np.isnan(means[0]).all() and means[1] == [0.5] * 4


def test_the_windows_that_fix_the_colours_of_a_run_stay_as_it_grows(numbers: Page):
    whole = random_series(0, windows=40)
    taken = {5: [0, 1, 2, 3, 4], 6: [0, 2, 4], 9: [0, 2, 4, 6, 8], 20: [0, 4, 8, 12, 16], 21: [0, 8, 16]}
    for windows, expected in taken.items():
        numbers.evaluate(DECODE, inline(sent(start_of(whole, windows))))
        means = np.reshape(numbers.evaluate("[...series.windowMeans(decoded, 5)]"), (-1, 6, 6))
        np.testing.assert_allclose(means, whole.totals[expected] / whole.updates[expected, None, None], rtol=1e-12)


def test_colours_are_fixed_anew_where_the_windows_that_fix_them_are_others(numbers: Page):
    whole = random_series(0, windows=18)
    numbers.evaluate("() => { window.fixedScale = scaling.createFixedScale(); window.scales = []; }")
    for windows in (15, 15, 16, 16, 18):
        numbers.evaluate(DECODE, inline(sent(start_of(whole, windows))))
        numbers.evaluate("() => { scales.push(fixedScale(decoded, 'shared')); }")
    numbers.evaluate("() => { scales.push(fixedScale(decoded, 'target')); }")
    same = numbers.evaluate("scales.map((scale, place) => scale === scales[place - 1])")
    assert same == [False, True, False, True, False, False]
    means = (whole.totals / whole.updates[:, None, None])[:, ~np.eye(6, dtype=bool)]
    limit = numbers.evaluate("scales[4](new Float64Array(36)).limit")
    assert limit == pytest.approx(robust_max(means), rel=1e-6)
