"""Trunks: the lines into the public network, and whether FreeSWITCH can use them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Regexp, ValidationError

from callrouter.directory import document, providers, services, store
from callrouter.directory.changing import made
from callrouter.directory.exporting import read_trunks
from callrouter.directory.part_rules import peer_network
from callrouter.errors import RuleError
from callrouter.web.forms import Answer, ConfirmForm, Form, WholeNumber, answer, confirm, done
from callrouter.web.live import Live
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

pages = Blueprint("trunks", __name__, url_prefix="/trunks")

_DID_FROM = [
    SelectChoice("request-uri", _l("the request URI (usual)")),
    SelectChoice("to", _l("the To header")),
    SelectChoice("p-called-party-id", _l("the P-Called-Party-ID header")),
]
_NUMBERS = [
    SelectChoice("e164", "+493023125000"),
    SelectChoice("digits", "493023125000"),
    SelectChoice("00", "00493023125000"),
    SelectChoice("national", _l("03023125000, and 0044… abroad")),
]
_IDENTITY = [
    SelectChoice("asserted", _l("in P-Asserted-Identity (usual)")),
    SelectChoice("preferred", _l("in P-Preferred-Identity")),
    SelectChoice("none", _l("in From alone")),
]
_TRANSPORTS = [
    SelectChoice("udp", _l("UDP (usual)")),
    SelectChoice("tcp", _l("TCP")),
    SelectChoice("tls", _l("TLS: nobody on the way reads along")),
]
_DTMF = [
    SelectChoice("rfc2833", _l("as RTP events (RFC 2833, usual)")),
    SelectChoice("info", _l("as SIP INFO")),
    SelectChoice("none", _l("not at all")),
]
_FORWARDED_CALLER = [
    SelectChoice("own", _l("the number of who forwards (always works)")),
    SelectChoice("original", _l("the number of who called, if the provider takes it")),
]
_DIVERSION = [
    SelectChoice("none", _l("nowhere (usual)")),
    SelectChoice("diversion", _l("in Diversion (RFC 5806)")),
    SelectChoice("history-info", _l("in History-Info (RFC 7044)")),
]
_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class TrunkForm(Form):
    """One trunk; what was stored as the password is never in it."""

    fields_of = {"register_": "register"}  # noqa: RUF012
    name = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a name.")),
            Regexp(r"^\s*[a-z0-9][a-z0-9_-]{0,39}\s*$", message=_l("Small letters, digits, - and _ only.")),
        ],
        description=_l("Small letters, digits, - and _; it cannot be changed later."),
        render_kw={**_PLAIN, "autofocus": True},
    )
    provider = HiddenField()
    proxy = StringField(
        _l("Provider's address"),
        [InputRequired(_l("Enter where calls are sent to.")), Length(max=255)],
        description=_l("Where outgoing calls are sent to: sip.provider.example or 192.0.2.1:5060."),
        render_kw=_PLAIN,
    )
    transport = SelectField(_l("Sent over"), choices=_TRANSPORTS)
    outbound_proxy = StringField(
        _l("By way of"),
        [Length(max=255)],
        description=_l("The provider's outbound proxy, if there is one: sbc.provider.example or 192.0.2.1:5060."),
        render_kw=_PLAIN,
    )
    peers = TextAreaField(
        _l("Calls come from"),
        description=_l(
            "The provider's addresses or networks, one a line; nobody else can call in. Empty: no calls come in."
        ),
        filters=[lambda text: "\n".join(_lines(text))],
        render_kw={**_PLAIN, "rows": 3},
    )
    did_from = SelectField(_l("The dialled number stands in"), choices=_DID_FROM)
    register = BooleanField(_l("Register with the provider"))
    username = StringField(_l("User name"), [Length(max=128)], render_kw=_PLAIN)
    password = PasswordField(_l("Password"), [Length(max=128)], render_kw={"autocomplete": "new-password"})
    realm = StringField(
        _l("Realm"), description=_l("Only if the provider names one; else its address is taken."), render_kw=_PLAIN
    )

    from_domain = StringField(
        _l("Domain in From"),
        [Length(max=253)],
        description=_l("Only if the provider wants another one than the realm."),
        render_kw=_PLAIN,
    )
    register_seconds = WholeNumber(
        _l("A registration holds for (seconds)"),
        [NumberRange(60, 86400, message=_l("60 to 86400 seconds."))],
        default=3600,
    )
    ping = WholeNumber(
        _l("Ask whether it is there every (seconds)"),
        [NumberRange(0, 3600, message=_l("0 to 3600 seconds."))],
        description=_l("Calls go by the next trunk at once while it does not answer. 0: do not ask."),
        default=0,
    )
    session_timers = BooleanField(_l("Session timers: calls that nobody ended are found"), default=True)
    dtmf = SelectField(_l("Keys pressed are sent"), choices=_DTMF)
    outgoing = BooleanField(_l("Calls go out by this trunk"), default=True)
    number_format = SelectField(_l("The provider wants numbers as"), choices=_NUMBERS)
    identity = SelectField(_l("Whose call it is, stands"), choices=_IDENTITY)
    forwarded_caller = SelectField(_l("Shown for forwarded calls"), choices=_FORWARDED_CALLER)
    diversion = SelectField(_l("Who forwarded a call, stands"), choices=_DIVERSION)

    def validate_peers(self, field: Field) -> None:
        """Each line is an address or a network."""
        for line in _lines(field.data):
            try:
                peer_network(line)
            except ValueError:
                raise ValidationError(
                    _("“%(line)s” is no address or network; write 192.0.2.1 or 192.0.2.0/28.", line=line)
                ) from None

    def trunk(self, name: str) -> document.Trunk:
        """What was entered, checked; raises RuleError."""
        return made(
            document.Trunk,
            name=name,
            provider=self.provider.data or None,
            proxy=self.proxy.data,
            transport=self.transport.data,
            outbound_proxy=_or_none(self.outbound_proxy.data),
            from_domain=_or_none(self.from_domain.data),
            peers=_lines(self.peers.data),
            did_from=self.did_from.data,
            register=self.register.data,
            username=_or_none(self.username.data),
            password=self.password.data or None,
            realm=_or_none(self.realm.data),
            outgoing=self.outgoing.data,
            number_format=self.number_format.data,
            identity=self.identity.data,
            session_timers=self.session_timers.data,
            dtmf=self.dtmf.data,
            register_seconds=self.register_seconds.data,
            ping=self.ping.data,
            forwarded_caller=self.forwarded_caller.data,
            diversion=self.diversion.data,
        )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").replace(",", "\n").splitlines() if line.strip()]


def _or_none(text: str | None) -> str | None:
    return (text or "").strip() or None


def _entries(trunk: dict[str, Any]) -> dict[str, Any]:
    """The fields of a trunk as the form shows them."""
    now = {name: "" if value is None else value for name, value in trunk.items()}
    return now | {"peers": "\n".join(now.get("peers", ()))}


def _in_language(texts: dict[str, str]) -> str:
    return texts.get(str(get_locale()), texts["en"])


def _state(live: Live, trunk: document.Trunk) -> tuple[str, str]:
    """What FreeSWITCH says of *trunk*: kind of the badge, and words."""
    gateway = live.gateways.get(f"trunk-{trunk.name}")
    if live.problem:
        return "", _("unknown")
    if gateway is None:
        return "bad", _("not in FreeSWITCH")
    if not gateway.up:
        return "bad", _("down (%(state)s)", state=gateway.state)
    if gateway.state == "REGED":
        return "good", _("registered")
    return ("good", _("works")) if trunk.register_ or trunk.ping else ("", _("not checked"))


def _trunk(name: str) -> tuple[document.Trunk, int]:
    with reading() as session:
        try:
            return services.trunk(session, name)
        except RuleError:
            abort(404)


@pages.get("")
@allow("admin")
def index() -> Answer:
    """All trunks in the order in which outgoing calls try them, as they are now."""
    live = parts().switch.live()
    with reading() as session:
        trunks = read_trunks(session)
    states = {trunk.name: _state(live, trunk) for trunk in trunks}
    return answer("trunks/index.html", trunks=trunks, states=states, live=live)


@pages.route("/new", methods=["GET", "POST"])
@allow("admin")
def new() -> Answer:
    """Add a trunk, with what is known of its provider."""
    provider = request.args.get("provider", "")
    known = provider in providers.names()
    form = TrunkForm(data={**_entries(providers.defaults(provider)), "provider": provider} if known else None)
    if form.validate_on_submit():
        name = form.name.data.strip()
        with form.saving(apply=True) as session:
            store.count_up(session)  # nobody else adds one until this is done
            if any(trunk.name == name for trunk in read_trunks(session)):
                text = _("There is a trunk %(name)s already.", name=name)
                raise RuleError(text, [("name", text)])
            services.save_trunk(session, form.trunk(name))
        if form.saved:
            return done(_("Trunk %(name)s is added; FreeSWITCH takes it over.", name=name), "trunks.index")
    offered = [(name, _in_language(providers.content(name)["title"])) for name in providers.names()]
    note = _in_language(providers.content(provider)["note"]) if known else ""
    return answer("trunks/new.html", form, offered=offered, provider=provider, note=note)


@pages.route("/<name>", methods=["GET", "POST"])
@allow("admin")
def show(name: str) -> Answer:
    """One trunk: its state, and its settings to change."""
    trunk, version = _trunk(name)
    now = _entries(trunk.model_dump(mode="json", by_alias=True) | {"password": ""})
    form = TrunkForm(data={**now, "version": version})
    del form.name
    if trunk.password:
        form.password.description = _("One is stored, and not shown. Type another one to replace it.")
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            services.save_trunk(session, form.trunk(name), expected_version=form.expected_version)
        if form.saved:
            return done(_("Trunk %(name)s is saved; FreeSWITCH takes it over.", name=name), "trunks.index")
    live = parts().switch.live()
    return answer("trunks/show.html", form, trunk=trunk, state=_state(live, trunk), live=live)


@pages.route("/<name>/remove", methods=["GET", "POST"])
@allow("admin")
def remove(name: str) -> Answer:
    """Remove a trunk."""
    trunk, _version = _trunk(name)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            services.remove_trunk(session, trunk.name)
        if form.saved:
            return done(_("Trunk %(name)s is removed.", name=name), "trunks.index")
    return confirm(
        form,
        title=_("Remove the trunk %(name)s?", name=name),
        text=_("No more calls come in or go out by it. Its password is deleted with it."),
        button=_("Remove trunk"),
        cancel=url_for("trunks.show", name=name),
    )
