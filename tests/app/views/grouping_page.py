"""What the Grouping page says, read from its elements."""

import pytest
from streamlit.testing.v1 import AppTest

from app.components import working


@pytest.fixture
def patient(monkeypatch):
    """The page waits for what it else shows once it is known."""
    monkeypatch.setattr(working, "PATIENCE", 30.0)


def shown(app: AppTest) -> str:
    """All its sentences."""
    return " ".join(str(each.value) for each in (*app.markdown, *app.caption, *app.error, *app.info))


def grouping_of(app: AppTest) -> dict[int, tuple[set[str], set[str]]]:
    """The rows of the page's table twin as ``{network: (tasks, served)}``."""
    frame = next(table.value for table in app.table if "role" in table.value)
    return {
        network: (set(rows["task"]), set(rows.loc[rows["role"] == "served", "task"]))
        for network, rows in frame.groupby("network")
    }


def networks_of(app: AppTest) -> list[list[str]]:
    """The networks' tasks, sorted, as plain text."""
    return sorted(sorted(task.replace("\\", "") for task in tasks) for tasks, _ in grouping_of(app).values())


def widget(app: AppTest, kind: str, label: str):
    """The widget with that label."""
    return next(each for each in app.get(kind) if each.label == label)
