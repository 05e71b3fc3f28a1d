"""The arithmetic of the benchmarks."""

from __future__ import annotations

import math

import pytest

from bench.statistics import Summary, highest, in_turn, percentile, ratio


def test_percentiles_are_values_that_were_measured():
    values = [float(value) for value in range(100, 0, -1)]
    assert [percentile(values, percent) for percent in (0, 50, 95, 99, 100)] == [1, 50, 95, 99, 100]
    assert percentile([7.0], 99) == 7.0
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0


def test_nothing_measured_is_no_number():
    assert math.isnan(percentile([], 50))
    assert math.isnan(ratio(1.0, 0.0))
    assert Summary.of([]).count == 0


def test_a_summary_counts_and_orders():
    assert Summary.of([3.0, 1.0, 2.0]) == Summary(3, 2.0, 3.0, 3.0)


def test_a_ratio_is_a_multiple_of_the_reference():
    assert ratio(3.0, 2.0) == 1.5


@pytest.mark.parametrize(("true_limit", "found"), [(5, 0.0), (10, 10.0), (33, 32.5), (1000, 80.0)])
def test_the_highest_rate_is_found_from_below_and_then_halved(true_limit: float, found: float):
    tried: list[float] = []

    def works(rate: float) -> bool:
        tried.append(rate)
        return rate <= true_limit

    assert in_turn({"a": highest(10, 100, step=2, halvings=3)}, lambda _way, rate: works(rate)) == {"a": found}
    assert len(tried) == len(set(tried))
    assert max(tried) <= 100


def test_searches_take_turns():
    tried: list[tuple[str, float]] = []

    def works(way: str, rate: float) -> bool:
        tried.append((way, rate))
        return rate <= {"slow": 10, "fast": 100}[way]

    searches = {way: highest(10, 40, step=2, halvings=1) for way in ("slow", "fast")}
    assert in_turn(searches, works) == {"slow": 10, "fast": 40}
    assert tried == [("slow", 10), ("fast", 10), ("slow", 20), ("fast", 20), ("slow", 15), ("fast", 40)]
