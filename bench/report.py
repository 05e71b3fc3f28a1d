"""What was measured, as tables for people and as a plot."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from rich.console import Console
from rich.table import Table

from bench.stage import WAYS
from bench.statistics import Summary, ratio

_REFERENCE = "static"
#: What callrouter is to stay within, as multiples of static XML.
_TARGETS = {"phone p50": 1.15, "phone p99": 1.25, "180 p50": 1.15, "180 p99": 1.25, "CPU": 1.15, "rate": 0.95}


def plain(summary: Summary) -> dict[str, float]:
    """A summary for JSON, rounded to the microsecond."""
    return {name: round(value, 3) for name, value in dataclasses.asdict(summary).items()}


def ratios(rows: Mapping[str, Any], rates: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """For each way but static XML its values as multiples of static XML's."""
    reference = rows[_REFERENCE]
    found = {}
    for way, row in rows.items():
        if way == _REFERENCE:
            continue
        found[way] = {
            f"{title} {percent}": ratio(row[key][percent], reference[key][percent])
            for title, key in (("phone", "phone_ms"), ("180", "ringing_ms"))
            for percent in ("p50", "p99")
        } | {"CPU": ratio(row["cpu_ms"], reference["cpu_ms"])}
        if way in rates:
            found[way]["rate"] = ratio(rates[way], rates[_REFERENCE])
    return found


def tables(found: Mapping[str, Any], console: Console) -> None:
    """Print all that was found."""
    for condition in ("one phone", "three phones", "six phones", "100,000 numbers", "mail"):
        if condition in found:
            console.print(_times(condition, found[condition]))
    console.print(_capacity(found))
    for condition in ("one phone", "three phones", "six phones", "100,000 numbers"):
        if condition in found:
            rates = found.get("highest_rate", {}) if condition == "one phone" else {}
            console.print(_ratios(condition, ratios(found[condition], rates)))


def _times(title: str, rows: Mapping[str, Any]) -> Table:
    table = Table(title=f"{title}: milliseconds from the caller's INVITE; CPU milliseconds a call")
    for column in ("way", "calls", "failed", "INVITE at the phone p50/95/99", "180 p50/95/99", "switch", "router"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, row in rows.items():
        times = ["/".join(f"{row[key][p]:.1f}" for p in ("p50", "p95", "p99")) for key in ("phone_ms", "ringing_ms")]
        cpu = [f"{row[key]:.1f}" for key in ("switch_cpu_ms", "router_cpu_ms")]
        table.add_row(WAYS.get(way, way), str(row["calls"]), str(row["failed"]), *times, *cpu)
    return table


def _capacity(found: Mapping[str, Any]) -> Table:
    table = Table(title="capacity")
    for column in ("way", "highest rate, calls/s", "kB a ringing call: switch", "router"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, memory in found["memory"].items():
        rate = found.get("highest_rate", {}).get(way)
        shown = "not measured" if rate is None else f"{rate:.0f}"
        table.add_row(WAYS[way], shown, str(memory["switch_kb"]), str(memory["router_kb"]))
    return table


def _ratios(title: str, found: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title=f"{title}: as multiples of static XML (callrouter's aim below)")
    columns = list(next(iter(found.values())))
    for column in ("way", *columns):
        table.add_column(column, justify="left" if column == "way" else "right")
    for way, values in found.items():
        table.add_row(WAYS[way], *(f"{values.get(column, float('nan')):.2f}" for column in columns))
    table.add_row("aim", *(f"{'≥' if column == 'rate' else '≤'} {_TARGETS[column]}" for column in columns))
    return table


def plot(found: Mapping[str, Any], file: Path) -> None:
    """Draw the times and the CPU of all ways into *file* (PNG)."""
    mpl.use("Agg")
    from matplotlib import pyplot

    rows = found["one phone"]
    figure, (times, cpu) = pyplot.subplots(1, 2, figsize=(11, 3.6), constrained_layout=True)
    for offset, (title, key) in enumerate((("INVITE at the phone", "phone_ms"), ("180 to the caller", "ringing_ms"))):
        heights = [position + offset * 0.4 for position in range(len(rows))]
        times.barh(heights, [row[key]["p50"] for row in rows.values()], 0.38, label=f"{title}, p50")
        times.plot([row[key]["p99"] for row in rows.values()], heights, "k|", markersize=9)
    switch = [row["switch_cpu_ms"] for row in rows.values()]
    middles = [position + 0.2 for position in range(len(rows))]
    cpu.barh(middles, switch, 0.6, label="switch")
    cpu.barh(middles, [row["router_cpu_ms"] for row in rows.values()], 0.6, left=switch, label="router")
    for axes, label in ((times, "milliseconds from the caller's INVITE (mark: p99)"), (cpu, "CPU milliseconds a call")):
        axes.set_xlabel(label)
        axes.set_yticks(middles, [WAYS[way] for way in rows])
        axes.invert_yaxis()
        axes.margins(x=0.35)
        axes.legend(fontsize="small", loc="upper right")
    figure.savefig(file, dpi=120)
    pyplot.close(figure)
