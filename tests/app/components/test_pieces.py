import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.components import pieces
from engine.affinity.series import AffinitySeries


def series(windows, tasks=3, counts=None):
    totals = np.random.default_rng(0).normal(size=(50, tasks, tasks)).astype(np.float32)[:windows]
    names = tuple(map(str, range(tasks)))
    return AffinitySeries(names, np.arange(windows + 1), np.ones(windows, int), totals, totals**2, counts)


@pytest.fixture
def browser():
    return TestClient(Starlette(routes=pieces.routes()))


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(pieces, "_held", type(pieces._held)())


def fetched(browser, addresses):
    return b"".join(browser.get(address).raise_for_status().content for address in addresses)


@pytest.mark.parametrize("windows", [0, 1, 15, 16, 17, 50])
def test_the_pieces_are_the_windows(browser, windows):
    whole = series(windows)
    found = np.frombuffer(fetched(browser, pieces.addresses(whole)), "<f4")
    np.testing.assert_array_equal(found, whole.totals.ravel())


def test_counts_come_after_the_sums_of_their_piece(browser):
    counts = np.random.default_rng(1).integers(0, 2, (2, 3, 3))
    whole = series(2, counts=counts)
    content = fetched(browser, pieces.addresses(whole)[1:])
    np.testing.assert_array_equal(np.frombuffer(content[:36], "<f4"), whole.totals[1].ravel())
    np.testing.assert_array_equal(np.frombuffer(content[36:], "<u4"), counts[1].ravel())


def test_a_run_that_grows_sends_what_is_new_only():
    known, sent = set(), []
    for windows in range(1, 51):
        new = set(pieces.addresses(series(windows))) - known
        known |= new
        sent.append(len(new))
    assert sent == [1] * 50  # a window, or the piece of 16 that it completes
    assert len(pieces.addresses(series(50))) == 3 + 2


def test_what_was_not_shown_for_long_makes_room_but_nothing_that_is_shown_now(browser, monkeypatch):
    monkeypatch.setattr(pieces, "MOST_BYTES", 40 * 36)
    old, new = series(1, tasks=2), series(50)
    first = pieces.addresses(old)
    shown = pieces.addresses(new)  # more than there is room for
    assert browser.get(first[0]).status_code == 404
    assert len(fetched(browser, shown)) == 50 * 36
    assert fetched(browser, pieces.addresses(old))  # shown again, there again


def test_an_address_may_be_kept_for_good_and_is_not_guessed(browser):
    address = pieces.addresses(series(1))[0]
    assert "immutable" in browser.get(address).headers["Cache-Control"]
    assert len(address.rpartition("/")[2]) == 40
    assert browser.get("/kindred/windows/" + "0" * 40).status_code == 404
