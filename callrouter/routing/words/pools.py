"""More sentences of pools and of what comes next."""

from __future__ import annotations

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "pool_passed_over": (
        "Wer besetzt ist, ablehnt oder kein registriertes Telefon hat, wird sofort übergangen; sind das alle, geht es"
        " gleich weiter.",
        "Who is busy, declines or has no registered phone is passed over at once; where that is everybody, it goes on"
        " at once.",
    ),
    "pool_ignores_forwarding": (
        "Die eigene Weiterleitung von {members} gilt für Anrufe des Pools {pool} nicht.",
        "Calls to the pool {pool} do not follow the own forwarding of {members}.",
    ),
    "in_short_rings_then_to": (
        "Klingelt {seconds} s bei {owner}; nimmt niemand ab, geht es weiter bei {to}.",
        "Rings at {owner} for {seconds} s; when nobody answers, it goes on to {to}.",
    ),
}
