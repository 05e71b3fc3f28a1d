"""The sentences of ``routing.codes``, German and English."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "code_mailbox": (
        "Dieser Code führt in die Mailbox von {owner}, gewählt oder als Ziel einer Weitergabe, zu jeder Zeit.",
        "This code leads into the mailbox of {owner}, dialled or as the target of a transfer, at any time.",
    ),
    "code_no_mailbox": (
        "Zur Nebenstelle {extension} gehört keine Mailbox, die Anrufe annimmt.",
        "To the extension {extension} there is no mailbox that takes calls.",
    ),
    "code_no_extension": (
        "Die Nebenstelle {extension} gehört zu niemandem.",
        "The extension {extension} belongs to nobody.",
    ),
    "code_pick_up": (
        "Dieser Code holt einen Anruf heran, der anderswo klingelt; nicht, was eine Mailbox hat, und kein Gespräch.",
        "This code picks up a call that rings elsewhere; not what a mailbox has, and no conversation.",
    ),
    "pick_up_nobody": (
        "Das Unternehmen lässt niemanden Anrufe heranholen.",
        "The company lets nobody pick up calls.",
    ),
    "pick_up_no_pool": (
        "{employee} ist in keinem Pool.",
        "{employee} is in no pool.",
    ),
    "pick_up_not_together": (
        "{employee} und {owner} haben keinen Pool gemeinsam.",
        "{employee} and {owner} have no pool in common.",
    ),
    "step_pick_up": (
        "Den Anruf annehmen, der bei {owner} klingelt; klingelt keiner, es ansagen.",
        "Take the call that rings at {owner}; when none does, say so.",
    ),
    "step_pick_up_any": (
        "Einen Anruf annehmen, der bei einem dieser Pools oder ihren Mitgliedern klingelt: {pools}; klingelt keiner, "
        "es ansagen.",
        "Take a call that rings at one of these pools or their members: {pools}; when none does, say so.",
    ),
    "step_pick_up_refused": (
        "Ansagen, dass das nicht freigegeben ist; der Anruf endet (480).",
        "Say that this is not allowed; the call ends (480).",
    ),
    "code_no_pool": (
        "{extension} ist nicht die Nebenstelle eines Pools.",
        "{extension} is not the extension of a pool.",
    ),
    "code_no_member": (
        "{employee} ist kein Mitglied von {pool}.",
        "{employee} is no member of {pool}.",
    ),
    "code_of_another": (
        "{extension} ist nicht die Nebenstelle von {employee}.",
        "{extension} is not the extension of {employee}.",
    ),
    "code_unknown": (
        "{dialled} ist keiner der Codes, die Telefone wählen können.",
        "{dialled} is none of the codes that phones can dial.",
    ),
    "step_no_member": (
        "Ansagen, dass das kein Pool ist, zu dem man gehört; es ändert sich nichts.",
        "Say that this is no pool that one belongs to; nothing changes.",
    ),
    "step_unknown_code": (
        "Ansagen, dass es diesen Code nicht gibt; es ändert sich nichts.",
        "Say that there is no such code; nothing changes.",
    ),
}
