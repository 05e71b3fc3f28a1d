"""The sentences of waiting in pools."""

from __future__ import annotations

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "waits_after": (
        "Ist nach {seconds} s niemand ans Telefon gegangen oder sind alle im Gespräch, wartet der Anrufer im Pool"
        " {pool} auf ein freies Mitglied.",
        "When nobody has answered after {seconds} s, or all are busy, the caller waits for a free member of the pool"
        " {pool}.",
    ),
    "waits_at_once": (
        "Im Pool {pool} wartet der Anrufer sofort auf ein freies Mitglied, hinter allen, die dort schon warten.",
        "In the pool {pool} the caller waits for a free member at once, behind all who wait there already.",
    ),
    "step_wait": (
        "Warten, höchstens {seconds} s, auf einem von {places} Plätzen: Begrüßung, Musik und Ansage des Platzes,"
        " während es bei freien Mitgliedern klingelt; mit der 2 um Rückruf bitten. Ist kein Platz frei oder kommt"
        " niemand, geht es weiter:",
        "Wait, {seconds} s at most, in one of {places} places: a greeting, music and the place in the line, while free"
        " members are rung; 2 asks to be called back. If no place is free, or nobody comes:",
    ),
    "step_wait_or_mailbox": (
        "Warten, höchstens {seconds} s, auf einem von {places} Plätzen: Begrüßung, Musik und Ansage des Platzes,"
        " während es bei freien Mitgliedern klingelt; mit der 1 zur Mailbox, mit der 2 um Rückruf bitten. Ist kein"
        " Platz frei oder kommt niemand, geht es weiter:",
        "Wait, {seconds} s at most, in one of {places} places: a greeting, music and the place in the line, while free"
        " members are rung; 1 goes to the mailbox, 2 asks to be called back. If no place is free, or nobody comes:",
    ),
    "in_short_waits": (
        "Der Anrufer wartet auf ein freies Mitglied von {owner}.",
        "The caller waits for a free member of {owner}.",
    ),
    "in_short_rings_then_waits": (
        "Klingelt {seconds} s bei {owner}, danach wartet der Anrufer.",
        "Rings at {owner} for {seconds} s, then the caller waits.",
    ),
}
