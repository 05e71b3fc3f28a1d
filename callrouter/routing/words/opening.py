"""The sentences of pools that open and close, and of announcements."""

from __future__ import annotations

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "feature_pool_toggle": (
        "{employee} schließt den Pool {pool} vom Telefon aus, oder lässt dort wieder die Zeiten gelten.",
        "{employee} closes the pool {pool} from the phone, or lets its hours hold again.",
    ),
    "feature_pool_closed": (
        "{employee} schließt den Pool {pool} vom Telefon aus.",
        "{employee} closes the pool {pool} from the phone.",
    ),
    "feature_pool_open": (
        "{employee} öffnet den Pool {pool} vom Telefon aus.",
        "{employee} opens the pool {pool} from the phone.",
    ),
    "feature_pool_scheduled": (
        "{employee} lässt im Pool {pool} vom Telefon aus wieder die Zeiten gelten.",
        "{employee} lets the hours of the pool {pool} hold again, from the phone.",
    ),
    "step_pool_toggle": (
        "Den Pool {pool} von Hand schließen, oder wieder seine Zeiten gelten lassen, und es ansagen.",
        "Close the pool {pool} by hand, or let its hours hold again, and say so.",
    ),
    "step_pool_closed": (
        "Den Pool {pool} von Hand schließen und es ansagen.",
        "Close the pool {pool} by hand and say so.",
    ),
    "step_pool_open": (
        "Den Pool {pool} von Hand öffnen und es ansagen.",
        "Open the pool {pool} by hand and say so.",
    ),
    "step_pool_scheduled": (
        "Im Pool {pool} wieder die Zeiten gelten lassen und es ansagen.",
        "Let the hours of the pool {pool} hold again and say so.",
    ),
    "pool_closed_by_hand": ("Der Pool {pool} ist von Hand geschlossen.", "The pool {pool} is closed by hand."),
    "pool_closed_by_hand_until": (
        "Der Pool {pool} ist von Hand geschlossen bis {date}, {clock} Uhr.",
        "The pool {pool} is closed by hand until {date}, {clock}.",
    ),
    "pool_open_by_hand": ("Der Pool {pool} ist von Hand geöffnet.", "The pool {pool} is opened by hand."),
    "pool_open_by_hand_until": (
        "Der Pool {pool} ist von Hand geöffnet bis {date}, {clock} Uhr.",
        "The pool {pool} is opened by hand until {date}, {clock}.",
    ),
    "pool_open": ("Also ist der Pool {pool} geöffnet.", "So the pool {pool} is open."),
    "pool_closed": (
        "Also ist der Pool {pool} geschlossen; es klingelt bei niemandem.",
        "So the pool {pool} is closed; nobody is rung.",
    ),
    "closed_to_mailbox": (
        "Während geschlossen ist, nimmt die Mailbox sofort an.",
        "While it is closed, the mailbox answers at once.",
    ),
    "closed_announced": (
        "Keine Mailbox nimmt an; eine Ansage sagt, dass geschlossen ist, und der Anruf endet.",
        "No mailbox answers; an announcement says that it is closed, and the call ends.",
    ),
    "forwards_closed": (
        "Während geschlossen ist, leitet {owner} weiter an {to}.",
        "While closed, {owner} forwards to {to}.",
    ),
    "step_forward_closed": ("Da geschlossen ist, weiter bei {to}:", "Being closed, on to {to}:"),
    "step_announce": (
        "Die Ansage „{announcement}“ hören; damit endet der Anruf.",
        "The announcement “{announcement}” is heard; with it the call ends.",
    ),
    "in_short_announce": (
        "Es klingelt bei niemandem; die Ansage „{announcement}“ ist zu hören.",
        "Nobody is rung; the announcement “{announcement}” is heard.",
    ),
}
#: By ``forwarding.ANNOUNCEMENTS``.
ANNOUNCED = {
    "closed": ("jetzt geschlossen", "closed now"),
    "busy": ("alle im Gespräch, bitte später anrufen", "all are talking, please call again later"),
    "nobody": ("niemand erreichbar", "nobody can be reached"),
}
