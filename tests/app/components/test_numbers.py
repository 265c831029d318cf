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


INTERVALS = [(0, 12), (0, 1), (11, 12), (3, 8), (2, 6), (5, 8)]
BOTH = (
    "(range) => [[...series.meanOver(decoded, ...range)], [...series.errorOver(decoded, ...range)]]"
    ".map((values) => values.map((value) => (Number.isFinite(value) ? value : null)))"
)


def inline(content: dict) -> dict:
    """The same with each piece in its address, as there is no server here."""

    def written(address: str) -> str:
        return "data:;base64," + base64.b64encode(pieces._held[address.rpartition("/")[2]]).decode()

    members = [each | {"pieces": list(map(written, each["pieces"]))} for each in content["members"]]
    return content | {"members": members}


def over(numbers: Page, content: dict, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over a range of windows, as the browser computes them."""
    decode = "async (sent) => { window.decoded = series.decodeSeries(await series.withNumbers(sent), 6); }"
    numbers.evaluate(decode, inline(content))
    mean, error = np.array(numbers.evaluate(BOTH, [first, last]), dtype=np.float64).reshape(2, 6, 6)
    return mean, error


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("complete", [True, False])
def test_mean_and_error_over_any_interval_are_the_engines(numbers: Page, seed: int, complete: bool):
    series = random_series(seed) if complete else skipping(random_series(seed), seed)
    assert sent(series)["members"][0]["complete"] == complete
    for first, last in INTERVALS:
        mean, error = over(numbers, sent(series), first, last)
        expected = series.mean(int(series.edges[first]), int(series.edges[last]))
        np.testing.assert_allclose(mean, expected.affinity, rtol=1e-12)
        if last - first >= MIN_BATCHES:
            np.testing.assert_allclose(error, expected.standard_error, rtol=1e-9)
        else:
            assert np.isnan(error).all()


def test_a_spread_that_is_small_beside_the_mean_does_not_drown(numbers: Page):
    noise = np.random.default_rng(0).normal(0, 1e-3, (12, 6, 6))
    totals = (1000 + noise).astype(np.float32)
    series = AffinitySeries(tuple("abcdef"), np.arange(13), np.ones(12, int), totals, totals**2)
    _, error = over(numbers, sent(series), 2, 10)
    expected = totals[2:10].astype(np.float64).std(0, ddof=1) / np.sqrt(8)
    np.testing.assert_allclose(error, expected, rtol=1e-6)


@pytest.mark.parametrize("complete", [True, False])
def test_several_seeds_count_alike_and_their_error_is_the_spread_between_them(numbers: Page, complete: bool):
    members = [random_series(0)] + [random_series(seed) for seed in (1, 2)]
    members = [AffinitySeries(each.tasks, members[0].edges, each.updates, each.totals, each.totals) for each in members]
    if not complete:
        members[1] = skipping(members[1], 1)
    group = SeedGroup(tuple(members))
    for first, last in INTERVALS:
        mean, error = over(numbers, sent(group.pooled, group.aligned), first, last)
        expected = group.mean(int(group.pooled.edges[first]), int(group.pooled.edges[last]))
        np.testing.assert_allclose(mean, expected.affinity, rtol=1e-9)
        np.testing.assert_allclose(error, expected.standard_error, rtol=1e-9)


def test_windows_that_hold_a_networks_state_say_nothing_of_an_error(numbers: Page):
    members = tuple(random_series(seed) for seed in (0, 0))
    words = quantity_of("mixing")
    alone = over_time(members[0], (), "shared", {}, words)["series"]
    mean, error = over(numbers, alone, 2, 10)
    edges = members[0].edges
    np.testing.assert_allclose(mean, members[0].mean(int(edges[2]), int(edges[10])).affinity, rtol=1e-9)
    assert np.isnan(error).all()
    _, between = over(numbers, over_time(members[0], members, "shared", {}, words)["series"], 2, 10)
    np.testing.assert_allclose(between, 0, atol=1e-9)


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
