"""The sentences of calls: who calls, which number, whose phones ring, what follows."""

from __future__ import annotations

#: Code → (German, English). ``{date}`` is spelled out, ``{weekday}`` (0 Monday) and ``{when}`` are translated;
#: ``{schedule}`` and ``{why}`` bring their own punctuation, for they may be empty.
SENTENCES: dict[str, tuple[str, str]] = {
    "caller": ("Es ruft {caller} an.", "The caller is {caller}."),
    "caller_named": ("Es ruft {caller} an ({name}).", "The caller is {caller} ({name})."),
    "caller_anonymous": ("Der Anruf kommt ohne Rufnummer.", "The caller's number is withheld or missing."),
    "caller_blocked": ("Der Anrufer „{caller}“ ist gesperrt.", "The caller “{caller}” is blocked."),
    "caller_blocked_by": (
        "Der Anrufer „{caller}“ ist gesperrt, wie alle mit {rule}.",
        "The caller “{caller}” is blocked, as all with {rule} are.",
    ),
    "anonymous_rejected": (
        "{number} nimmt keine Anrufe ohne Rufnummer an.",
        "{number} takes no calls without a number.",
    ),
    "device_unknown": ("Das Endgerät „{device}“ gehört zu niemandem.", "The device “{device}” belongs to nobody."),
    "extension_of": (
        "{extension} ist die Nebenstelle von {owner}.",
        "{extension} is the extension of {owner}.",
    ),
    "number_of_employee": (
        "Gewählt wurde {dialed}: {number}, die persönliche Rufnummer von {owner}.",
        "{dialed} was dialled: {number}, the personal number of {owner}.",
    ),
    "number_of_pool": (
        "Gewählt wurde {dialed}: {number}, eine Rufnummer des Pools {owner}.",
        "{dialed} was dialled: {number}, a number of the pool {owner}.",
    ),
    "number_without_owner": (
        "Gewählt wurde {dialed}: {number} ist aktiv, aber niemandem zugewiesen.",
        "{dialed} was dialled: {number} is active but assigned to nobody.",
    ),
    "number_inactive": (
        "Gewählt wurde {dialed}: nicht aktiviert ({numbers}).",
        "{dialed} was dialled: not active ({numbers}).",
    ),
    "number_ambiguous": (
        "Gewählt wurde {dialed}: passt zu mehreren Rufnummern ({numbers}).",
        "{dialed} was dialled: fits several numbers ({numbers}).",
    ),
    "number_unknown": (
        "Gewählt wurde {dialed}: keine Rufnummer dieses Unternehmens.",
        "{dialed} was dialled: no number of this company.",
    ),
    "outside_national": ("{number} liegt im Inland.", "{number} is in this country."),
    "outside_mobile": ("{number} ist ein Mobilanschluss.", "{number} is a mobile phone."),
    "outside_international": ("{number} liegt im Ausland.", "{number} is abroad."),
    "outside_premium": ("{number} ist ein teurer Dienst.", "{number} is a premium service."),
    "not_allowed_employee": (
        "{employee} darf solche Rufnummern nicht anrufen.",
        "{employee} may not call such numbers.",
    ),
    "not_allowed_company": (
        "Solche Rufnummern sind in den Einstellungen des Unternehmens nicht freigegeben.",
        "The company's settings do not allow calls to such numbers.",
    ),
    "not_allowed_closed": (
        "Zu dieser Zeit sind solche Rufnummern nicht freigegeben.",
        "At this time such numbers are not allowed.",
    ),
    "shown_number": ("Angezeigt wird {number}.", "{number} is shown."),
    "shown_nothing": ("Die Rufnummer wird unterdrückt.", "The number is withheld."),
    "devices_ring": ("Bei {employee} können klingeln: {devices}.", "At {employee} these can ring: {devices}."),
    "devices_none": ("Bei {employee} kann kein Endgerät klingeln.", "At {employee} no device can ring."),
    "devices_disabled": ("Bei {employee} ausgeschaltet: {devices}.", "At {employee} these are disabled: {devices}."),
    "device_calls": (
        "Das anrufende Endgerät klingelt nicht mit.",
        "The calling device itself does not ring.",
    ),
    "do_not_disturb": (
        "{employee} möchte nicht gestört werden; es klingelt kein Endgerät.",
        "{employee} is not to be disturbed; no device rings.",
    ),
    "rang_already": (
        "Bei {employee} hat es für diesen Anruf schon geklingelt.",
        "{employee} was rung for this call before.",
    ),
    "talking": (
        "{employee} telefoniert, und kein weiterer Anruf darf anklopfen; es klingelt kein Endgerät.",
        "{employee} is talking, and no further call may wait; no device rings.",
    ),
    "feature_dnd_on": (
        "{employee} schaltet „Nicht stören“ vom Telefon aus ein.",
        "{employee} turns “Do not disturb” on from the phone.",
    ),
    "feature_dnd_off": (
        "{employee} schaltet „Nicht stören“ vom Telefon aus aus.",
        "{employee} turns “Do not disturb” off from the phone.",
    ),
    "feature_signed_in": (
        "{employee} meldet sich vom Telefon aus im Pool {pool} an.",
        "{employee} signs in to the pool {pool} from the phone.",
    ),
    "feature_signed_out": (
        "{employee} meldet sich vom Telefon aus im Pool {pool} ab.",
        "{employee} signs out of the pool {pool} from the phone.",
    ),
    "feature_sign": (
        "{employee} meldet sich vom Telefon aus im Pool {pool} an oder ab.",
        "{employee} signs in to the pool {pool} or out of it from the phone.",
    ),
    "forwards_now": (
        "{owner} leitet weiter an {to}.",
        "{owner} forwards to {to}.",
    ),
    "forwards_busy": (
        "Ist besetzt oder wird abgelehnt, leitet {owner} weiter an {to}.",
        "When busy or declined, {owner} forwards to {to}.",
    ),
    "forwards_no_answer": (
        "Nimmt niemand ab, leitet {owner} weiter an {to}.",
        "When nobody answers, {owner} forwards to {to}.",
    ),
    "forwards_offline": (
        "Ist kein Endgerät erreichbar, leitet {owner} weiter an {to}.",
        "When no device can be reached, {owner} forwards to {to}.",
    ),
    "forwards_nowhere": (
        "{owner} leitet weiter an „{to}“: Das gibt es nicht, die Mailbox nimmt keine Anrufe an, oder {owner} darf"
        " solche Rufnummern nicht anrufen.",
        "{owner} forwards to “{to}”: there is none, the mailbox takes no calls, or {owner} may not call such numbers.",
    ),
    "press_key": (
        "Wer dort abnimmt, muss die {key} drücken; sonst geht es weiter, als hätte niemand abgenommen.",
        "Who answers there must press {key}; otherwise it goes on as if nobody had answered.",
    ),
    "member_outside": (
        "Bei {employee} klingelt auch {number}; wer dort abnimmt, muss die {key} drücken, sonst klingelt es weiter.",
        "At {employee} {number} rings, too; who answers there must press {key}, all others ring on until then.",
    ),
    "pool_rings_all": (
        "Im Pool {pool} klingeln alle Mitglieder gleichzeitig.",
        "In the pool {pool} all members ring at once.",
    ),
    "pool_sequential": (
        "Im Pool {pool} klingelt es bei einem Mitglied nach dem anderen, je {seconds} s: {members}.",
        "In the pool {pool} one member is rung after the other, for {seconds} s each: {members}.",
    ),
    "pool_longest_idle": (
        "Im Pool {pool} klingelt es nacheinander, je {seconds} s, zuerst bei dem Mitglied, dessen letztes Gespräch am"
        " längsten her ist: {members}.",
        "In the pool {pool} members are rung one after the other, for {seconds} s each, first who has talked least"
        " recently: {members}.",
    ),
    "pool_waves": (
        "Im Pool {pool} klingelt es bei den einen Mitgliedern sofort, bei den anderen später: {members}.",
        "In the pool {pool} some members are rung at once, the others later: {members}.",
    ),
    "pool_all_signed_out": (
        "Im Pool {pool} ist kein Mitglied angemeldet.",
        "In the pool {pool} no member is signed in.",
    ),
    "signed_out": (
        "{employee} ist im Pool {pool} abgemeldet.",
        "{employee} is signed out of the pool {pool}.",
    ),
    "pool_empty": ("Der Pool {pool} hat keine Mitglieder.", "The pool {pool} has no members."),
    "mailbox_disabled": ("Die Mailbox ist ausgeschaltet.", "The mailbox is disabled."),
    "mailbox_takes_no_calls": (
        "Die Mailbox nimmt keine Anrufe an; Nachrichten lassen sich nur abhören.",
        "The mailbox takes no calls; its messages can only be fetched.",
    ),
    "mailbox_always": ("Die Mailbox nimmt zu jeder Zeit Anrufe an.", "The mailbox takes calls at any time."),
    "mailbox_now": (
        "Die Mailbox nimmt Anrufe an, wenn die Zeitsteuerung {when} ist: also jetzt.",
        "The mailbox takes calls while the schedule is {when}: that is now.",
    ),
    "mailbox_not_now": (
        "Die Mailbox nimmt Anrufe an, wenn die Zeitsteuerung {when} ist: also jetzt nicht.",
        "The mailbox takes calls while the schedule is {when}: that is not now.",
    ),
    "mailbox_at_once": (
        "Die Mailbox nimmt ohne Wartezeit an; die Telefone klingeln nicht.",
        "The mailbox answers without delay; the phones do not ring.",
    ),
    "mailbox_without_ringing": (
        "Kein Endgerät kann klingeln; die Mailbox nimmt sofort an.",
        "No device can ring; the mailbox answers at once.",
    ),
    "rings_until_mailbox": (
        "Es klingelt {seconds} s lang, bevor die Mailbox annimmt.",
        "It rings for {seconds} s before the mailbox answers.",
    ),
    "rings_then_ends": (
        "Es klingelt {seconds} s lang; danach endet der Anruf.",
        "It rings for {seconds} s; then the call ends.",
    ),
    "ends_offline": (
        "Kein Endgerät kann klingeln und keine Mailbox nimmt an: nicht erreichbar.",
        "No device can ring and no mailbox answers: unavailable.",
    ),
    "ends_busy": (
        "Kein Endgerät soll klingeln und keine Mailbox nimmt an: besetzt.",
        "No device is to ring and no mailbox answers: busy.",
    ),
    "hours_open": (
        "Zeitsteuerung{schedule}: {weekday}, {date}, {clock} Uhr, geöffnet im Zeitfenster {start}–{end}.",
        "Schedule{schedule}: {weekday}, {date}, {clock}, open in the window {start}–{end}.",
    ),
    "hours_no_window": (
        "Zeitsteuerung{schedule}: {weekday}, {date}, {clock} Uhr, in keinem Zeitfenster, also geschlossen.",
        "Schedule{schedule}: {weekday}, {date}, {clock}, in no window, so closed.",
    ),
    "hours_closed_date": (
        "Zeitsteuerung{schedule}: am {date} ganztägig geschlossen{why}.",
        "Schedule{schedule}: closed all day on {date}{why}.",
    ),
    "hours_holiday": (
        "Zeitsteuerung{schedule}: am {date} wegen eines Feiertags geschlossen{why}.",
        "Schedule{schedule}: closed on {date} for a public holiday{why}.",
    ),
    "step_ring": (
        "Es klingeln gleichzeitig, {seconds} s lang: {devices}.",
        "Ring at once, for {seconds} s: {devices}.",
    ),
    "step_ring_in_turn": (
        "Es klingeln nacheinander, je {each} s, zusammen höchstens {seconds} s: {devices}.",
        "Ring one after the other, for {each} s each, {seconds} s in all at most: {devices}.",
    ),
    "step_ring_nobody": (
        "Kein Endgerät kann klingeln; das zählt als nicht erreichbar.",
        "No device can ring; this counts as unavailable.",
    ),
    "step_ring_busy": (
        "Kein Endgerät soll klingeln; das zählt als besetzt.",
        "No device is to ring; this counts as busy.",
    ),
    "step_dnd_on": (
        "„Nicht stören“ einschalten und es ansagen.",
        "Turn “Do not disturb” on and say so.",
    ),
    "step_dnd_off": (
        "„Nicht stören“ ausschalten und es ansagen.",
        "Turn “Do not disturb” off and say so.",
    ),
    "step_signed_in": (
        "Im Pool {pool} anmelden und es ansagen.",
        "Sign in to the pool {pool} and say so.",
    ),
    "step_signed_out": (
        "Im Pool {pool} abmelden und es ansagen.",
        "Sign out of the pool {pool} and say so.",
    ),
    "step_sign": (
        "Im Pool {pool} an- oder abmelden und es ansagen.",
        "Sign in to the pool {pool} or out of it, and say so.",
    ),
    "step_forward_now": ("Weiter bei {to}:", "On to {to}:"),
    "step_forward_busy": ("Wenn besetzt oder abgelehnt, weiter bei {to}:", "When busy or declined, on to {to}:"),
    "step_forward_no_answer": ("Wenn niemand abnimmt, weiter bei {to}:", "When nobody answers, on to {to}:"),
    "step_forward_offline": (
        "Wenn kein Endgerät erreichbar ist, weiter bei {to}:",
        "When no device can be reached, on to {to}:",
    ),
    "step_voicemail": (
        "Die Mailbox von {owner} nimmt eine Nachricht auf (Ansage: {language}).",
        "The mailbox of {owner} takes a message (greeting in {language}).",
    ),
    "step_release": (
        "Der Anruf endet: besetzt (486), abgewiesen (603), sonst nicht erreichbar (480).",
        "The call ends: busy (486), declined (603), otherwise unavailable (480).",
    ),
    "step_dial": (
        "{number} anrufen, über den ersten der Trunks, der den Anruf annimmt: {trunks}.",
        "Call {number}, by the first of the trunks that takes the call: {trunks}.",
    ),
    "step_emergency": (
        "Notruf: FreeSWITCH wählt {number} unmittelbar über die Leitungen ins öffentliche Netz.",
        "Emergency call: FreeSWITCH dials {number} straight over the trunks.",
    ),
    "in_short_rings": (
        "Klingelt {seconds} s bei {owner}, danach endet der Anruf.",
        "Rings at {owner} for {seconds} s, then the call ends.",
    ),
    "in_short_rings_then_mailbox": (
        "Klingelt {seconds} s bei {owner}, danach nimmt die Mailbox an.",
        "Rings at {owner} for {seconds} s, then the mailbox answers.",
    ),
    "in_short_outside": (
        "Wird an {number} weitergeleitet.",
        "Is forwarded to {number}.",
    ),
    "in_short_mailbox": (
        "Die Mailbox von {owner} nimmt sofort an.",
        "The mailbox of {owner} answers at once.",
    ),
    "in_short_nobody": (
        "Bei {owner} kann kein Telefon klingeln, und keine Mailbox nimmt an.",
        "No phone can ring at {owner}, and no mailbox answers.",
    ),
    "reject_unknown_number": ("Abgewiesen (404): unbekannte Rufnummer.", "Refused (404): unknown number."),
    "reject_inactive_number": ("Abgewiesen (404): Rufnummer nicht aktiv.", "Refused (404): number not active."),
    "reject_ambiguous_number": ("Abgewiesen (404): Rufnummer mehrdeutig.", "Refused (404): ambiguous number."),
    "reject_no_owner": ("Abgewiesen (480): Rufnummer ohne Inhaber.", "Refused (480): number without owner."),
    "reject_blocked_caller": ("Abgewiesen (603): gesperrter Anrufer.", "Refused (603): blocked caller."),
    "reject_anonymous_caller": (
        "Mit Ansage abgewiesen (433): Anrufer ohne Rufnummer.",
        "Refused with an announcement (433): caller without a number.",
    ),
    "reject_not_allowed": ("Abgewiesen (403): Ziel nicht freigegeben.", "Refused (403): destination not allowed."),
    "reject_not_now": (
        "Abgewiesen (403): Ziel zu dieser Zeit nicht freigegeben.",
        "Refused (403): destination not allowed at this time.",
    ),
    "reject_no_trunk": (
        "Abgewiesen (502): kein Trunk für Anrufe nach außen.",
        "Refused (502): no trunk for calls out.",
    ),
    "reject_company_busy": (
        "Abgewiesen (403): zu viele Anrufe des Unternehmens nach außen.",
        "Refused (403): too many calls of the company out at once.",
    ),
    "reject_employee_busy": (
        "Abgewiesen (403): zu viele Anrufe dieses Mitarbeiters nach außen.",
        "Refused (403): too many calls of this employee out at once.",
    ),
    "reject_new_numbers": (
        "Abgewiesen (403): zu viele neue Rufnummern an einem Tag.",
        "Refused (403): too many new numbers in one day.",
    ),
    "reject_unknown_device": ("Abgewiesen (403): unbekanntes Endgerät.", "Refused (403): unknown device."),
}
