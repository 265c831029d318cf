"""The browser's arithmetic against Python's, on the same random inputs."""

import base64
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from playwright.sync_api import Page

from app.charts.heatmap import robust_max, scale_affinity
from app.components.assets import FRONTEND
from engine.affinity.series import AffinitySeries

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


def sent(series: AffinitySeries) -> dict:
    totals = base64.b64encode(series.totals.tobytes()).decode()
    return {"edges": series.edges.tolist(), "updates": series.updates.tolist(), "totals": totals}


@pytest.mark.parametrize("seed", range(5))
def test_the_mean_over_any_interval_is_the_engines(numbers: Page, seed: int):
    series = random_series(seed)
    numbers.evaluate("([sent, tasks]) => { window.decoded = series.decodeSeries(sent, tasks); }", [sent(series), 6])
    for first, last in [(0, 12), (0, 1), (11, 12), (3, 8)]:
        mean = numbers.evaluate("(range) => [...series.meanOver(decoded, ...range)]", [first, last])
        expected = series.mean(int(series.edges[first]), int(series.edges[last])).affinity
        np.testing.assert_allclose(np.reshape(mean, (6, 6)), expected, rtol=1e-12)


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
    series = {
        "edges": [0, 10, 20],
        "updates": [0, 2],
        "totals": base64.b64encode(b"\0" * 16 + b"\0\0\x80\x3f" * 4).decode(),
    }
    means = numbers.evaluate(
        "(sent) => { const decoded = series.decodeSeries(sent, 2);"
        " return [[...series.meanOver(decoded, 0, 1)], [...series.meanOver(decoded, 0, 2)]]; }",
        series,
    )
    assert np.isnan(means[0]).all() and means[1] == [0.5] * 4
