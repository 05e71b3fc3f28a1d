"""The sentences of callers whom somebody has claimed."""

from __future__ import annotations

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "claimer_first": (
        "{employee} hat den Rückruf an diesen Anrufer für {pool} übernommen; dort klingelt es {seconds} s lang zuerst.",
        "{employee} has claimed this caller’s call-back for {pool}; it rings there first, for {seconds} s.",
    ),
    "claimer_not_there": (
        "{employee} hat den Rückruf an diesen Anrufer für {pool} übernommen, ist jetzt aber nicht zu erreichen; es"
        " klingelt gleich bei den anderen.",
        "{employee} has claimed this caller’s call-back for {pool}, but cannot be reached now; the others are rung at"
        " once.",
    ),
}
