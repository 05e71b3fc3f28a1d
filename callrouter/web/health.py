"""``/health`` and ``/metrics``: is telephony all right, for machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import gevent
from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from callrouter.web.roles import allow

#: A check by name: raises an exception whose text says what is wrong, or returns what it saw.
Checks = Mapping[str, Callable[[], object]]


#: Longest wait for all checks together (seconds).
_LONGEST = 5.0


def results(checks: Checks) -> dict[str, dict[str, object]]:
    """What each check saw, or what is wrong; a database that says nothing is waited for only so long."""
    running = {name: gevent.spawn(_result, check) for name, check in checks.items()}
    gevent.joinall(list(running.values()), timeout=_LONGEST)
    late: dict[str, object] = {"ok": False, "error": f"no answer within {_LONGEST:g} s"}
    return {name: one.value or late for name, one in running.items()}


def _result(check: Callable[[], object]) -> dict[str, object]:
    try:
        return {"ok": True, "seen": check()}
    except Exception as error:
        return {"ok": False, "error": f"{type(error).__name__}: {error}".splitlines()[0]}


def health_pages(checks: Checks) -> Blueprint:
    """Pages that run *checks*: ``/health`` answers 200 when all pass and 503 otherwise, with each check's result."""
    pages = Blueprint("health", __name__)

    @pages.get("/health")
    @allow("anyone")
    def health() -> tuple[Response, int]:
        found = results(checks)
        good = all(result["ok"] for result in found.values())
        return jsonify({"ok": good, "checks": found}), 200 if good else 503

    @pages.get("/metrics")
    @allow("anyone")
    def metrics() -> Response:
        registry = REGISTRY
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return pages
