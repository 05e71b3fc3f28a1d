"""What the marks in a team's mailbox mean for a case: what changed since the last look tells who wants something."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from callrouter.cases.rules import Change
from callrouter.mail.mailbox import Mark, Signal


@dataclass(frozen=True, slots=True)
class Marked:
    """A mail of a case with its mark now; ``was_done``: whether it was marked as done before, None: it is new."""

    was_done: bool | None
    mark: Mark

    def now_done(self, signal: Signal) -> bool:
        """Whether somebody has marked it as done since the last look. New mails come without a flag by themselves."""
        if self.was_done is None:
            return self.mark is signal.done and self.mark is not Mark.NONE
        return self.mark is signal.done and not self.was_done

    def no_longer_done(self, signal: Signal) -> bool:
        return bool(self.was_done) and self.mark is not signal.done


def wanted(mails: Collection[Marked], signal: Signal, *, closed: bool, newer: bool = False) -> Change | None:
    """What people did to the case in the mailbox since the last look: ``close``, ``reopen`` or nothing.

    A mark as it was then says nothing, so what we marked ourselves comes back as no change, and a case that was changed
    here since keeps its state: its mails follow. Done on one of the mails is done. Contradictions, and *newer* calls of
    which who marked cannot have known, leave the case as it is: rather one more call-back than none.
    """
    done = any(mail.now_done(signal) for mail in mails)
    undone = any(mail.no_longer_done(signal) for mail in mails)
    if done and not undone and not closed and not newer:
        return Change.CLOSE
    if undone and not done and closed:
        return Change.REOPEN
    return None
