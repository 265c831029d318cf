import base64
import json
import re

import numpy as np
import pytest

from engine.affinity.series import AffinitySeries
from engine.errors import KindredError
from engine.reports.animation import MOST_FRAMES, UNKNOWN, animation_html, frames
from engine.texts import LANGUAGES, speaking
from tests.app.hostile import NAME
from tests.engine.reports.made import CLUSTERS, TASKS, series
from tests.engine.test_markup import Seen


def content(html):
    return json.loads(re.search(r'<script type="application/json" id="content">(.*?)</script>', html, re.S)[1])


def values_of(shown):
    whole = np.frombuffer(base64.b64decode(shown["values"]), "<i2").reshape(16, 4, 4)
    return np.where(whole == UNKNOWN, np.nan, whole * shown["unit"])


def test_it_holds_every_window_in_clustered_order():
    shown = content(animation_html(series(CLUSTERS), "mine"))
    values = values_of(shown)
    places = [TASKS.index(task) for task in shown["tasks"]]
    assert set(map(frozenset, (shown["tasks"][:2], shown["tasks"][2:]))) == {frozenset("ab"), frozenset("cd")}
    expected = series(CLUSTERS).totals / 5
    np.testing.assert_allclose(values, expected[:, places][:, :, places], atol=1e-3)
    assert shown["spans"][1] == "steps 10 to 20"


def test_many_windows_are_pooled_and_none_is_lost():
    long = series(CLUSTERS, windows=1001)
    steps, means = frames(long)
    assert len(means) == MOST_FRAMES and steps[0, 0] == 0 and steps[-1, 1] == 10_010
    assert (steps[1:, 0] == steps[:-1, 1]).all()
    counts = np.diff(steps, axis=1)[:, :, None]
    np.testing.assert_allclose((means * counts).sum(0) / counts.sum(), long.mean().affinity, rtol=1e-6)
    assert "as there are 1001" in animation_html(long, "mine")


def test_a_pair_that_no_update_observed_is_unknown():
    counts = np.full((16, 4, 4), 5)
    counts[:, 0, 1] = 0
    whole = series(CLUSTERS)
    totals = np.where(counts, whole.totals, 0)
    part = AffinitySeries(whole.tasks, whole.edges, whole.updates, totals, whole.total_squares, counts)
    shown = content(animation_html(part, "mine"))
    values = values_of(shown)
    place = shown["tasks"].index("a"), shown["tasks"].index("b")
    assert np.isnan(values[:, *place]).all() and np.isnan(values).sum() == 16


def test_the_colours_do_not_end_at_the_diagonal():
    assert content(animation_html(series(CLUSTERS, noise=0.0), "mine"))["limit"] == pytest.approx(3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_small_asks_for_nothing_and_escapes_names(language):
    hostile = series(CLUSTERS, windows=200)
    hostile = AffinitySeries((NAME, *TASKS[1:]), hostile.edges, hostile.updates, hostile.totals, hostile.total_squares)
    with speaking(language):
        html = animation_html(hostile, NAME, "gradient_cosine")
    seen = Seen(html)
    policy = next(value for name, value in seen.attributes if name == "content")
    assert len(html) < 60_000 and "img" not in seen.tags and "default-src 'none'" in policy
    assert not {"src", "href"} & {name for name, _ in seen.attributes}


def test_nothing_is_refused():
    with pytest.raises(KindredError, match="no window to animate"):
        animation_html(AffinitySeries.of(TASKS, []), "mine")
