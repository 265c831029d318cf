"""What is tested of the store holds for both databases."""

from pathlib import Path

import pytest
import sqlalchemy as sa


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request, tmp_path, monkeypatch):
    """The URL of a fresh store, which is also the process's ``KINDRED_STORE``."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'kindred.db'}" if sqlite else request.getfixturevalue("postgresql").database()
    monkeypatch.setenv("KINDRED_STORE", url)
    monkeypatch.setenv("KINDRED_FILES", str(tmp_path / "files"))
    return url


@pytest.fixture
def database_file(store):
    """The file of an SQLite store; on another database the test is skipped."""
    address = sa.make_url(store.url)
    if address.get_backend_name() != "sqlite":
        pytest.skip("of SQLite files only")
    return Path(address.database)
