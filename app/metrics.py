"""What the dashboard counts and times for Prometheus. No name of a run or of a user is ever a label."""

from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import wraps

from prometheus_client import CollectorRegistry, Histogram, Info, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.runs.overview import Overview
from engine.version import VERSION

_REGISTRY = CollectorRegistry()
_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

ProcessCollector(registry=_REGISTRY)
Info("kindred_build", "The version of Kindred.", registry=_REGISTRY).info({"version": VERSION})
_TRANSACTION = Histogram(
    "kindred_store_transaction_seconds",
    "How long the dashboard's transactions with the store took, by whether they read or write.",
    ["kind"],
    buckets=_BUCKETS,
    registry=_REGISTRY,
)
_DRAWING = Histogram(
    "kindred_page_drawing_seconds",
    "How long the server took to draw a page, whole or the part of it that follows a run.",
    ["page", "extent"],
    buckets=_BUCKETS,
    registry=_REGISTRY,
)
for _kind in ("read", "write"):
    _TRANSACTION.labels(_kind)  # told from the start

_drawn: ContextVar[str] = ContextVar("drawn", default="")  # the page that is being drawn whole


def transaction(kind: str, seconds: float) -> None:
    """Count a transaction with the store."""
    _TRANSACTION.labels(kind).observe(seconds)


def timed(page: str, show: Callable[[], None]) -> Callable[[], None]:
    """The same page, whose drawing is timed."""

    @wraps(show)
    def shown() -> None:
        before = _drawn.set(page)
        try:
            with _DRAWING.labels(page, "whole").time():
                show()
        finally:
            _drawn.reset(before)

    return shown


def timed_part(draw: Callable[[], None]) -> Callable[[], None]:
    """The same part of the page that is being drawn, timed where it is drawn again alone."""
    page = _drawn.get() or "other"

    @wraps(draw)
    def drawn() -> None:
        if _drawn.get():
            draw()
            return
        with _DRAWING.labels(page, "part").time():
            draw()

    return drawn


def as_text(overview: Overview | None) -> bytes:
    """All of it in Prometheus' text format.

    Args:
        overview: of the store; None while it does not answer.
    """
    now = CollectorRegistry()
    now.register(_Standing(overview))
    return generate_latest(_REGISTRY) + generate_latest(now)


class _Standing(Collector):
    """The state of the store as it is now."""

    def __init__(self, overview: Overview | None) -> None:
        self._overview = overview

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("kindred_store_up", "Whether the store answers; if not, nothing is told of its runs.")
        up.add_metric([], float(self._overview is not None))
        yield up
        if self._overview is None:
            return
        runs = GaugeMetricFamily("kindred_runs", "Runs in the store, by their state.", labels=["status"])
        for status, count in self._overview.runs.items():
            runs.add_metric([status], count)
        waiting = GaugeMetricFamily("kindred_queue_runs", "Runs that wait for a worker, by queue.", labels=["queue"])
        oldest = GaugeMetricFamily(
            "kindred_queue_oldest_run_age_seconds", "Since the oldest run that waits was made.", labels=["queue"]
        )
        for name, queue in self._overview.queues.items():
            waiting.add_metric([name], queue.waiting)
            oldest.add_metric([name], queue.oldest)
        silence = GaugeMetricFamily(
            "kindred_worker_heartbeat_age_seconds",
            "Since the quietest worker of a running run gave a sign of life; 0 where none is running.",
        )
        silence.add_metric([], self._overview.silence)
        yield from (runs, waiting, oldest, silence)
