"""A small table that has every kind of column, and what tests do with tables."""

import io

import numpy as np
import pandas as pd
import pytest

from engine.datasets.settings import DataSettings
from engine.datasets.tables.reading import read_table
from engine.errors import KindredError

ROWS = 200
NUMBERS = np.arange(30) + 0.5


def houses(rows: int = ROWS, seed: int = 0) -> pd.DataFrame:
    """One row a house, made up.

    Inputs: ``area`` (number, some missing), ``town`` (category), ``garden`` (binary), ``built`` (time) and ``always``
    (constant). Targets: ``price`` (number, some missing), ``heating`` (category, some missing) and ``sold`` (binary).
    """
    random = np.random.default_rng(seed)
    area = random.normal(100, 20, rows).round(2)
    frame = pd.DataFrame(
        {
            "area": area,
            "town": random.choice(["Ulm", "Bonn", "Köln, am Rhein", "Æ"], rows),
            "garden": random.choice(["yes", "no"], rows),
            "built": pd.Timestamp("1990-01-01") + pd.to_timedelta(random.integers(0, 10_000, rows), unit="D"),
            "always": np.full(rows, 7.0),
            "price": 3 * area + random.normal(0, 10, rows),
            "heating": random.choice(["gas", "oil", "heat pump"], rows),
            "sold": random.integers(0, 2, rows).astype(float),
        }
    )
    frame["built"] = frame["built"].astype("datetime64[us]")
    frame.loc[::7, "area"] = np.nan
    frame.loc[::5, "price"] = np.nan
    frame.loc[::6, "heating"] = np.nan
    return frame


def settings(targets: str = "price,heating,sold", table: str = "houses.csv", **others: str) -> DataSettings:
    return DataSettings("table", table=table, targets=targets, **others)


def as_csv(frame: pd.DataFrame, **options) -> bytes:
    return frame.to_csv(index=False, **options).encode()


def as_parquet(frame: pd.DataFrame, **options) -> bytes:
    file = io.BytesIO()
    frame.to_parquet(file, **options)
    return file.getvalue()


def as_npz(frame: pd.DataFrame) -> bytes:
    """Texts that are not known become empty ones."""
    arrays = {
        name: column.fillna("").to_numpy(str) if pd.api.types.is_string_dtype(column.dtype) else column.to_numpy()
        for name, column in frame.items()
    }
    return npz(**arrays)


def npz(**arrays) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


FORMATS = {"t.csv": as_csv, "t.parquet": as_parquet, "t.npz": as_npz}


def refused(content: bytes, name: str, *words: str) -> None:
    """See that the file is, by a sentence that contains its name and the words."""
    with pytest.raises(KindredError) as caught:
        read_table(content, name)
    message = str(caught.value)
    assert all(word in message for word in (name, *words)), message
    assert "\n" not in message and message.count(". ") <= 1
