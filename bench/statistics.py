"""The arithmetic of the benchmarks: percentiles, summaries, ratios. Pure, so that it can be tested."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
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


Search = Generator[float, bool, float]


def highest(start: float, limit: float, *, step: float, halvings: int) -> Search:
    """Search the highest rate up to *limit* that works: yields a rate to try, is sent whether it worked.

    Up from *start* by *step* until one fails, then *halvings* between; returns 0 when not even *start* works.
    """
    good, bad = 0.0, start
    while bad <= limit and (yield bad):
        good, bad = bad, bad * step
    if bad > limit or not good:
        return good
    for _ in range(halvings):
        middle = (good + bad) / 2
        if (yield middle):
            good = middle
        else:
            bad = middle
    return good


def in_turn(searches: Mapping[str, Search], works: Callable[[str, float], bool]) -> dict[str, float]:
    """Run *searches* one try of each after the other, so that what else the machine does hits all alike."""
    found: dict[str, float] = {}
    tries = {name: next(search) for name, search in searches.items()}
    while tries:
        for name, rate in list(tries.items()):
            try:
                tries[name] = searches[name].send(works(name, rate))
            except StopIteration as end:
                found[name] = end.value
                del tries[name]
    return found
