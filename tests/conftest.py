"""What several tests share: a store of their own."""

import pytest

from engine.runs.store import Store


@pytest.fixture
def store_url(tmp_path, monkeypatch):
    """The URL of a fresh store, which is also the process's ``KINDRED_STORE``."""
    url = f"sqlite:///{tmp_path / 'kindred.db'}"
    monkeypatch.setenv("KINDRED_STORE", url)
    return url


@pytest.fixture
def store(store_url):
    """A fresh store with the published matrices."""
    return Store(store_url)
