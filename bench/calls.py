"""What callrouter costs a call, against a dialplan without it: ``python -m bench.calls [--quick]``.

One FreeSWITCH, interleaved blocks (A B C D E A B C D E …), so that whatever else the machine does hits all alike.
Needs FreeSWITCH, sipp, root (for the times on the wire), and PostgreSQL for its part.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import report
from bench.stage import WAYS, Block, Stage, stage
from bench.statistics import Summary, highest, in_turn
from tests.needs import find_postgresql
from tests.postgresql_server import running

_RESULTS = Path(__file__).with_name("results")
#: A rate is too high when half of the callers wait this long (seconds): the machine has no more to give.
_TOO_SLOW = 0.5
_ENOUGH = 0.999
_say = Console(stderr=True).print


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured. Rates in calls a second; ``rate_seconds`` 0: no search for the highest rate."""

    rounds: int
    calls: int
    rate: float
    fork_rounds: int
    ringing: int
    rate_seconds: float
    halvings: int
    highest_rate: float
    many_numbers: bool


FULL = Effort(3, 120, 10, 2, 40, 4, 3, 120, True)
QUICK = Effort(2, 30, 10, 1, 20, 0, 0, 0, False)


@dataclass
class Measured:
    """All blocks of one way under one condition, summed up."""

    blocks: list[Block] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Times in milliseconds, CPU in milliseconds per call."""
        made = [call for block in self.blocks for call in block.calls]
        wanted = sum(block.wanted for block in self.blocks)
        phone = Summary.of([(max(call.phones) - call.invited) * 1000 for call in made if call.phones])
        ringing = Summary.of([(call.ringing - call.invited) * 1000 for call in made if call.ringing])
        switch, router = (
            sum(getattr(block, name) for block in self.blocks) / wanted * 1000 for name in ("switch_cpu", "router_cpu")
        )
        return {
            "calls": wanted,
            "failed": wanted - sum(block.succeeded for block in self.blocks),
            "phone_ms": report.plain(phone),
            "ringing_ms": report.plain(ringing),
            "switch_cpu_ms": round(switch, 2),
            "router_cpu_ms": round(router, 2),
            "cpu_ms": round(switch + router, 2),
        }


def interleaved(ways: Iterable[str], rounds: int, block: Callable[[str], Block]) -> dict[str, Any]:
    """Run *rounds* of one block for each way; returns the row of each."""
    measured = {way: Measured() for way in ways}
    for number in range(rounds):
        for way, found in measured.items():
            found.blocks.append(block(way))
            _say(f"  round {number + 1}, {WAYS[way]}: {found.blocks[-1].succeeded} of {found.blocks[-1].wanted} calls")
    return {way: found.row() for way, found in measured.items()}


def highest_rates(on: Stage, effort: Effort) -> dict[str, float]:
    """The highest rate of each way at which 99.9 % of the calls succeed, in calls a second."""

    def works(way: str, rate: float) -> bool:
        return once(way, rate) or once(way, rate)  # a bad moment of the machine is no limit

    def once(way: str, rate: float) -> bool:
        found = on.block(way, "one", count=round(rate * effort.rate_seconds), rate=rate)
        waited = Summary.of([call.ringing - call.invited for call in found.calls if call.ringing]).p50
        ended = on.revive(way)  # then the fallback took the calls, and would look like a fast router
        well = found.succeeded >= _ENOUGH * found.wanted and waited < _TOO_SLOW and not ended
        _say(f"  {WAYS[way]}: {found.succeeded} of {found.wanted} calls at {rate:.0f}/s")
        return well

    searches = {way: highest(10, effort.highest_rate, step=1.5, halvings=effort.halvings) for way in on.ways}
    found = in_turn(searches, works)
    return {way: found[way] for way in on.ways}


def memory(on: Stage, effort: Effort) -> dict[str, Any]:
    """Memory per ringing call, each way on a switch freshly started: memory once taken is used again."""
    found = {}
    for way in on.ways if effort.many_numbers else ("static", "sqlite"):
        on.stop()
        on.start(warm_up=way)
        switch, router = on.ringing_memory(way, effort.ringing)
        found[way] = {"switch_kb": round(switch / 1024), "router_kb": round(router / 1024)}
        _say(f"  {WAYS[way]}: {found[way]}")
    return found


def smtp(on: Stage, effort: Effort) -> dict[str, Any]:
    """Missed calls (each becomes a mail) without a worker, with mail working, and with the mail server down."""
    found: dict[str, Measured] = {name: Measured() for name in ("no worker", "mail works", "mail server down")}
    mails = on.scratch.mails
    mails.start()
    for _ in range(effort.fork_rounds):
        for name, measured in found.items():
            mails.answer = "451 4.3.0 not now" if name == "mail server down" else ""
            if name != "no worker":
                on.scratch.start_role("worker")
            measured.blocks.append(
                on.block("sqlite", "rings", count=effort.calls // 2, rate=effort.rate, talks=False, hold_ms=300)
            )
            if name != "no worker":
                on.scratch.kill_role("worker")
            _say(f"  {name}: {measured.blocks[-1].succeeded} of {measured.blocks[-1].wanted} missed calls")
    return {name: measured.row() for name, measured in found.items()}


def small_company(folder: Path, postgresql: Path | None, effort: Effort) -> dict[str, Any]:
    """Everything that is measured with 100 numbers."""
    with stage(folder, 2, postgresql) as on:
        _say(f"100 numbers, one phone, {effort.rate:g} calls a second")
        found: dict[str, Any] = {"freeswitch": on.version()}
        found["one phone"] = interleaved(on.ways, effort.rounds, _calls(on, "one", effort))
        compared = ("static", "sqlite")
        for name, employee in (("three phones", "three"), ("six phones", "six")):
            _say(name)
            found[name] = interleaved(compared, effort.fork_rounds, _calls(on, employee, effort, share=0.5))
        _say("mail")
        found["mail"] = smtp(on, effort)
        if effort.rate_seconds:
            _say("highest rate")
            found["highest_rate"] = highest_rates(on, effort)
        _say("memory")
        found["memory"] = memory(on, effort)
    return found


def large_company(folder: Path, postgresql: Path | None, effort: Effort) -> dict[str, Any]:
    """The same calls with 100,000 numbers in the directory."""
    _say("100,000 numbers: importing, rendering, starting FreeSWITCH")
    with stage(folder, 5, postgresql) as on:
        ways = [way for way in ("static", "sqlite", "postgresql") if way in on.ways]
        return interleaved(ways, effort.rounds, _calls(on, "one", effort))


def _calls(on: Stage, employee: str, effort: Effort, share: float = 1.0) -> Callable[[str], Block]:
    return lambda way: on.block(way, employee, count=round(effort.calls * share), rate=effort.rate * share)


@contextlib.contextmanager
def _postgresql() -> Iterator[Path | None]:
    programs = find_postgresql()
    if programs is None:
        _say("no PostgreSQL: measuring without it")
        yield None
        return
    with running(programs) as home:
        yield home


def measure(effort: Effort) -> dict[str, Any]:
    """Measure everything; the result as JSON has it."""
    found: dict[str, Any] = {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}",
        "python": platform.python_version(),
        "load_before": round(os.getloadavg()[0], 2),
    }
    with tempfile.TemporaryDirectory(prefix="bench-calls-") as folder:
        with _postgresql() as postgresql:
            found |= small_company(Path(folder) / "small", postgresql, effort)
        if effort.many_numbers:
            with _postgresql() as postgresql:
                found["100,000 numbers"] = large_company(Path(folder) / "large", postgresql, effort)
    return found


def main() -> int:
    """Measure, print the table, write JSON and plot."""
    parser = argparse.ArgumentParser(prog="bench.calls", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two minutes instead of a quarter of an hour")
    parser.add_argument(
        "--output", type=Path, default=_RESULTS / "calls.json", help="the JSON; the plot goes beside it"
    )
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        _say("bench.calls reads the times from the wire: run it as root")
        return 2
    found = measure(QUICK if arguments.quick else FULL)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    report.tables(found, Console())
    report.plot(found, arguments.output.with_suffix(".png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
