"""Which tasks help or hurt each other in multi-task learning, and how to group them. Complete without the app."""

from importlib import import_module
from typing import Any

_OFFERED = {
    "AffinityTracker": "engine.tracking.tracker",
    "Store": "engine.runs.store",
    "open_run": "engine.notebook",
    "solve": "engine.notebook",
}
__all__ = list(_OFFERED)


def __getattr__(name: str) -> Any:
    # On demand, as the tracker loads torch, which the dashboard never does.
    if name in _OFFERED:
        return getattr(import_module(_OFFERED[name]), name)
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
