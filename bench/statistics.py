"""The arithmetic of the benchmarks: percentiles, summaries, ratios. Pure, so that it can be tested."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of *values*: a value that was really measured; NaN when there is none."""
    if not values:
        return math.nan
    rank = math.ceil(percent / 100 * len(values))
    return sorted(values)[max(rank, 1) - 1]


@dataclass(frozen=True, slots=True)
class Summary:
    """How often something was measured, and what 50, 95 and 99 of a hundred values stayed within (in their unit)."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """Summarise *values*."""
        return cls(len(values), *(percentile(values, percent) for percent in (50, 95, 99)))


def ratio(value: float, reference: float) -> float:
    """*value* as a multiple of *reference*; NaN where that says nothing."""
    return value / reference if reference > 0 else math.nan


def highest(works: Callable[[float], bool], start: float, limit: float, *, step: float, halvings: int) -> float:
    """The highest rate up to *limit* that *works*: up from *start* by *step* until one fails, then *halvings* between.

    Returns 0 when not even *start* works. Each rate is tried once.
    """
    good, bad = 0.0, start
    while bad <= limit and works(bad):
        good, bad = bad, bad * step
    if bad > limit or not good:
        return good
    for _ in range(halvings):
        middle = (good + bad) / 2
        if works(middle):
            good = middle
        else:
            bad = middle
    return good
