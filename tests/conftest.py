"""Skips what cannot run here, with reasons from one table (tests/needs.py), and counts the skipped at the end."""

from __future__ import annotations

from collections import Counter
from functools import partialmethod

import hypothesis
import jinja2
import pytest
import structlog

from tests.needs import NEEDS, missing

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("callrouter", deadline=None)
hypothesis.settings.load_profile("callrouter")


class _Compiled(jinja2.BytecodeCache):
    """Templates as they were compiled before: each test has an application of its own, whose templates are the same."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: jinja2.bccache.Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


jinja2.Environment.__init__ = partialmethod(jinja2.Environment.__init__, bytecode_cache=_Compiled())  # type: ignore[method-assign, assignment]


def pytest_configure(config: pytest.Config) -> None:
    for name, need in NEEDS.items():
        config.addinivalue_line("markers", f"{name}: needs {need.what}; skipped where it is missing")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = {name: reason for name in NEEDS if (reason := missing(name))}
    for item in items:
        for name, reason in reasons.items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def _fresh_logging() -> None:
    """What another test in this process set up for logging must not hide what this one looks for."""
    structlog.reset_defaults()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reasons: Counter[str] = Counter()
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] += 1
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count} test{'s' if count > 1 else ''} skipped: {reason}")
