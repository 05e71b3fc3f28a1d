"""The texts FreeSWITCH is given to ring phones, and what its answers mean. Pure, so that their exact form is tested."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from callrouter import variables
from callrouter.calls.incoming import PHONES_PROFILE
from callrouter.errors import SwitchError
from callrouter.esl import command
from callrouter.routing.forwarding import BARRED
from callrouter.routing.names import behind
from callrouter.routing.plan import RING_CAUSES, Ring, RingResult, Target
from callrouter.routing.ringing import alert_info, passed_over, rings, talks

#: What a value in a dial string or ``multiset`` must never contain (FreeSWITCH would split or expand it).
_FORBIDDEN = frozenset("${}[]<>,|'\"\\^%\r\n\0")


def _value(text: str, what: str) -> str:
    if _FORBIDDEN & set(text):
        raise SwitchError(f"{what} {text!r} has characters that FreeSWITCH would interpret; nothing was sent")
    return text


def set_all(values: Mapping[str, str]) -> str:
    """The argument of ``multiset`` for *values*; raises SwitchError when one could be interpreted."""
    return "^^|" + "|".join(f"{name}={_value(value, name)}" for name, value in values.items())


def bridge(
    step: Ring,
    targets: Sequence[Target],
    sip_domain: str,
    leg_uuids: Sequence[str],
    caller: str = "",
    *,
    last: bool = False,
) -> str:
    """The argument of ``bridge``: all *targets* of *step* at once, each by its account (never by a phone's contact).

    Each leg carries its device's name and one of *leg_uuids* (new ones, as many as targets) for the record, and the
    callee's extension so that it can be transferred. Where it matters, the leg counts as ringing at its phone until it
    is answered, then as one of the employee's calls to its end, whatever becomes of the caller's. One of several turns
    passes over who rings for another call, unless it is their *last*. Where the step's owner is shown, it stands before
    *caller*, the name that is shown otherwise. The legs to numbers outside are what :func:`outside` has had made.
    """
    legs = []
    for target, uuid in zip(targets, leg_uuids, strict=True):
        if target.outside:
            legs.append(f"${{{variables.MEMBER}{target.employee.removeprefix('employee:')}}}")
            continue
        leg = {
            variables.DEVICE: target.sip_user,
            variables.LEG: uuid,
            "origination_callee_id_name": target.name,
        }
        if target.extension:
            leg["origination_callee_id_number"] = target.extension
            leg["presence_id"] = f"{target.extension}@{sip_domain}"
        if target.delay:
            leg["leg_delay_start"] = str(target.delay)
        if target.counted or step.each:
            waits = f"limit hash callrouter {rings(target.sip_user)}"
            leg["execute_on_originate"] = passed_over(target.sip_user) if step.each and not last else waits
            leg["api_on_answer"] = f"uuid_limit_release {uuid} hash callrouter {rings(target.sip_user)}"
            leg["limit_ignore_transfer"] = "true"  # a leg's own start is one to FreeSWITCH
        if target.counted:
            leg["execute_on_answer"] = f"limit hash callrouter {talks(target.employee)}"
        if step.shown:
            leg["origination_caller_id_name"] = behind(step.shown, caller)
        settings = ",".join(f"{name}={_value(value, name)}" for name, value in leg.items())
        if step.alert:
            settings += f",sip_h_Alert-Info={alert_info(_value(step.alert, 'alert'))}"
        address = f"sofia/{PHONES_PROFILE}/{_value(target.sip_user, 'sip_user')}%{_value(sip_domain, 'sip_domain')}"
        legs.append(f"[{settings}]{address}")
    # What a leg says of itself then counts more than what its caller's channel says of all: no SRTP to a trunk.
    own = "{local_var_clobber=true}" if any(target.outside for target in targets) else ""
    return own + ",".join(legs)


def outside(step: Ring, targets: Sequence[Target], *, last: bool) -> list[command.Command]:
    """What has the dialplan judge and make the legs of those *targets* that are numbers outside."""
    found = []
    for target in (target for target in targets if target.outside):
        member = target.employee.removeprefix("employee:")
        most = "1" if step.each and not last else "-"
        settings = {variables.MEMBER + member: f"error/{BARRED}", variables.MOST: most}
        settings[variables.LATER] = str(target.delay)
        found.append(command.execute("multiset", set_all(settings)))
        found.append(command.execute("execute_extension", f"{variables.slug(step.owner)}.{member} XML members"))
    return found


def leg_causes(originate_causes: str, leg_uuids: Sequence[str], call: str) -> list[str]:
    """The causes of these legs in ``originate_causes``: ``UUID;CAUSE`` entries of all that the call has rung so far.

    And of those to numbers outside, whose UUIDs the dialplan makes of the *call*'s.
    """
    entries = (text.partition(";") for text in variables.step_texts(originate_causes))
    return [
        cause
        for uuid, _, cause in entries
        if uuid in leg_uuids or (uuid[:24], uuid[25:26]) == (call[:24], variables.OUTSIDE_LEG)
    ]


def ring_result(dispositions: Sequence[str], causes: Iterable[str], stops: Sequence[str] = ()) -> RingResult:
    """How ringing ended, from the ``originate_disposition`` of each turn and the causes of the legs.

    See plan.RING_CAUSES. A cause among *stops* ended it for all (FreeSWITCH 1.11.2 says NO_ANSWER of that).
    """
    causes = tuple(causes)
    if stopped := set(stops).intersection(causes):
        return next(result for result, group in RING_CAUSES if stopped.intersection(group))
    if not set(dispositions).isdisjoint(dict(RING_CAUSES)[RingResult.NO_ANSWER]):
        return RingResult.NO_ANSWER
    seen = {*dispositions, *causes}
    return next((result for result, group in RING_CAUSES if seen.intersection(group)), RingResult.FAILED)
