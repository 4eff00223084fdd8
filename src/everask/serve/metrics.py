"""What the server counts, for Prometheus: requests, times, the pile. No text, no names of people or files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import anyio.to_thread
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from everask import __version__
from everask.serve.connections import watch_connections
from everask.serve.doors import Doors

if TYPE_CHECKING:
    from prometheus_client import Metric

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counts of one application."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "everask_requests", "Requests answered.", ["route", "method", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "everask_request_seconds",
            "Time until the end of the reply.",
            ["route"],
            buckets=SECONDS,
            registry=self.registry,
        )

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request by its route's template."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def watch(self, doors: Doors) -> None:
        """Tell the state of the pile, too, whenever it is asked for."""
        self.registry.register(_Pile(doors))


class _Pile(Collector):
    """The pile as it is when somebody looks."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors

    def collect(self) -> Iterator[Metric]:
        """The gauges."""
        engine = self._doors.engine
        counts = engine.store.counts()
        active = engine.store.active_encoder()
        vectors = counts.vectors.get(active.id, 0) if active else 0
        disk = shutil.disk_usage(engine.settings.data)
        yield InfoMetricFamily("everask", "The version.", value={"version": __version__})
        for name, meaning, value in (
            ("documents", "Documents that can be asked.", counts.documents),
            ("passages", "Passages that can be found.", counts.passages),
            ("vectors", "Passages that can be found by meaning.", vectors),
            ("files_failed", "Files that could not be read.", _count(engine.store.sources(status="failed"))),
            ("files_partial", "Files read in part.", _count(engine.store.sources(status="partial"))),
            ("disk_free_bytes", "Free bytes where the pile is kept.", disk.free),
            ("connections_made", "Connections to other machines.", watch_connections().number),
        ):
            yield GaugeMetricFamily(f"everask_{name}", meaning, value=float(value))
        yield from _queues(self._doors)

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the store is not asked while the application is made."""
        return iter(())


def _queues(doors: Doors) -> Iterator[Metric]:
    """What runs, waits, and was turned away, by kind of work."""
    queues = {
        "ask": doors.asks.turnstile,
        "search": doors.searches,
        "mark": doors.marks,
        "add": doors.additions,
        "log_in": doors.hashing,
    }
    running = GaugeMetricFamily("everask_running", "Requests at work.", labels=["work"])
    waiting = GaugeMetricFamily("everask_waiting", "Requests that wait for their turn.", labels=["work"])
    away = CounterMetricFamily("everask_turned_away", "Requests told to come back later.", labels=["work"])
    for work, queue in queues.items():
        running.add_metric([work], float(queue.num_inside))
        waiting.add_metric([work], float(queue.num_waiting))
        away.add_metric([work], float(queue.num_turned_away))
    yield from (running, waiting, away)


def _count(rows: Iterator[object]) -> int:
    return sum(1 for _ in rows)


async def get_metrics(request: Request) -> Response:
    """The counts; `rules.py` says for whom."""
    metrics = request.app.state.metrics
    assert isinstance(metrics, Metrics), "create_app sets the metrics"
    text = await anyio.to_thread.run_sync(generate_latest, metrics.registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)
