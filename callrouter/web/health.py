"""``/health`` and ``/metrics``: is telephony all right, for machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest, multiprocess

from callrouter.web.roles import allow

#: A check by name: raises an exception whose text says what is wrong, or returns what it saw.
Checks = Mapping[str, Callable[[], object]]


def health_pages(checks: Checks) -> Blueprint:
    """Pages that run *checks*: ``/health`` answers 200 when all pass and 503 otherwise, with each check's result."""
    pages = Blueprint("health", __name__)

    @pages.get("/health")
    @allow("anyone")
    def health() -> tuple[Response, int]:
        results: dict[str, dict[str, object]] = {}
        for name, check in checks.items():
            try:
                results[name] = {"ok": True, "seen": check()}
            except Exception as error:
                results[name] = {"ok": False, "error": f"{type(error).__name__}: {error}".splitlines()[0]}
        good = all(result["ok"] for result in results.values())
        return jsonify({"ok": good, "checks": results}), 200 if good else 503

    @pages.get("/metrics")
    @allow("anyone")
    def metrics() -> Response:
        registry = REGISTRY
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return pages
