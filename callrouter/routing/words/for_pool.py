"""The sentences of calls out for a pool."""

from __future__ import annotations

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "for_pool": (
        "{employee} ruft für den Pool {pool} an und zeigt außen dessen Rufnummer.",
        "{employee} calls for the pool {pool} and shows its number outside.",
    ),
    "for_pool_unknown": (
        "{extension} ist nicht die Nebenstelle eines Pools.",
        "{extension} is the extension of no pool.",
    ),
    "for_pool_nobody": (
        "Die Rufnummern des Pools {pool} darf niemand anzeigen.",
        "Nobody may show the numbers of the pool {pool}.",
    ),
    "for_pool_no_member": (
        "Die Rufnummern des Pools {pool} dürfen nur Mitglieder anzeigen; {employee} ist keines.",
        "Members alone may show the numbers of the pool {pool}; {employee} is none.",
    ),
    "for_pool_no_number": (
        "Der Pool {pool} hat keine Rufnummer, die sich anzeigen ließe.",
        "The pool {pool} has no number that could be shown.",
    ),
    "reject_not_shown": (
        "Abgewiesen (403): Die Rufnummer des Pools darf nicht angezeigt werden.",
        "Refused (403): the pool's number may not be shown.",
    ),
}
