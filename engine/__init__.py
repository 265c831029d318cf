"""Which tasks help or hurt each other in multi-task learning, and how to group them. Complete without the app."""

from typing import Any


def __getattr__(name: str) -> Any:
    # On demand, as it loads torch, which the dashboard never does.
    if name == "AffinityTracker":
        from engine.tracking.tracker import AffinityTracker

        return AffinityTracker
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
