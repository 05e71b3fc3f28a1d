"""Trunks: the lines into the public network, and whether FreeSWITCH can use them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, PasswordField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Regexp, ValidationError

from callrouter.directory import document, services, store
from callrouter.directory.changing import made
from callrouter.directory.exporting import read_trunks
from callrouter.directory.part_rules import peer_network
from callrouter.errors import RuleError
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, confirm, done
from callrouter.web.live import Live
from callrouter.web.parts import parts, reading
from callrouter.web.roles import allow

pages = Blueprint("trunks", __name__, url_prefix="/trunks")

_DID_FROM = [
    SelectChoice("request-uri", _l("the request URI (usual)")),
    SelectChoice("to", _l("the To header")),
    SelectChoice("p-called-party-id", _l("the P-Called-Party-ID header")),
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
    proxy = StringField(
        _l("Provider's address"),
        [InputRequired(_l("Enter where calls are sent to.")), Length(max=255)],
        description=_l("Where outgoing calls are sent to: sip.provider.example or 192.0.2.1:5060."),
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
            proxy=self.proxy.data,
            peers=_lines(self.peers.data),
            did_from=self.did_from.data,
            register=self.register.data,
            username=_or_none(self.username.data),
            password=self.password.data or None,
            realm=_or_none(self.realm.data),
        )


def _lines(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").replace(",", "\n").splitlines() if line.strip()]


def _or_none(text: str | None) -> str | None:
    return (text or "").strip() or None


def _state(live: Live, trunk: document.Trunk) -> tuple[str, str]:
    """What FreeSWITCH says of *trunk*: kind of the badge, and words."""
    gateway = live.gateways.get(f"trunk-{trunk.name}")
    if live.problem:
        return "", _("unknown")
    if gateway is None:
        return "bad", _("not in FreeSWITCH")
    if not gateway.up:
        return "bad", _("down (%(state)s)", state=gateway.state)
    return "good", _("registered") if gateway.state == "REGED" else _("works")


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
    """Add a trunk."""
    form = TrunkForm()
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
    return answer("trunks/new.html", form)


@pages.route("/<name>", methods=["GET", "POST"])
@allow("admin")
def show(name: str) -> Answer:
    """One trunk: its state, and its settings to change."""
    trunk, version = _trunk(name)
    now: dict[str, Any] = trunk.model_dump(by_alias=True) | {"peers": "\n".join(trunk.peers), "password": ""}
    now |= {name: now[name] or "" for name in ("username", "realm")}
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
