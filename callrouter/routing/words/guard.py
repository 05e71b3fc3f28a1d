"""The sentences of the guard against a second call-back."""

from __future__ import annotations

#: Code → (German, English).
SENTENCES: dict[str, tuple[str, str]] = {
    "guard_talking": (
        "Vor dem Anruf angesagt: Mit dieser Rufnummer telefoniert gerade {somebody}.",
        "Said before the call: {somebody} is on the phone with this number now.",
    ),
    "guard_claimed": (
        "Vor dem Anruf angesagt: Um diesen Anrufer kümmert sich seit {minutes} min {somebody}.",
        "Said before the call: {somebody} has been taking care of this caller for {minutes} min.",
    ),
    "guard_called_back": (
        "Vor dem Anruf angesagt: Diesen Anrufer hat vor {minutes} min {somebody} zurückgerufen.",
        "Said before the call: {somebody} called this caller back {minutes} min ago.",
    ),
    "guard_called_again": (
        "Vor dem Anruf angesagt: Mit diesem Anrufer hat vor {minutes} min {somebody} gesprochen.",
        "Said before the call: {somebody} talked to this caller {minutes} min ago.",
    ),
    "guard_closed": (
        "Vor dem Anruf angesagt: Diesen Rückruf hat vor {minutes} min {somebody} als erledigt gemeldet.",
        "Said before the call: {somebody} marked this call-back as done {minutes} min ago.",
    ),
    "guard_went_on": (
        "Mit der 1 wurde trotzdem angerufen.",
        "1 was pressed, to call anyway.",
    ),
    "guard_given_up": (
        "Die 1 wurde nicht gedrückt; es wurde niemand angerufen.",
        "1 was not pressed; nobody was called.",
    ),
}
