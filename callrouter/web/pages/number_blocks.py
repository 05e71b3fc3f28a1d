"""Blocks of numbers: what the company has, one more, and one less with all that hangs on it."""

from __future__ import annotations

from flask import abort, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import StringField
from wtforms.validators import InputRequired, Regexp

from callrouter.directory import document, number_use, numbers, searching
from callrouter.directory.changing import made
from callrouter.directory.part_rules import check_blocks
from callrouter.errors import RuleError
from callrouter.web.format import count
from callrouter.web.format import number as readable
from callrouter.web.forms import Answer, ConfirmForm, Form, answer, done
from callrouter.web.pages import numbers as single
from callrouter.web.parts import reading
from callrouter.web.roles import allow

pages = single.pages

_DIGITS = Regexp(r"^\s*[0-9]{1,10}\s*$", message=_l("Enter digits only, for example 00 or 99."))


class BlockForm(Form):
    """A block as contracts name it: what all numbers begin with, and the first and the last extension."""

    prefix = StringField(
        _l("All numbers begin with"),
        [InputRequired(_l("Enter what all numbers begin with."))],
        description=_l("With country and area code: +49 30 231250, or 030 231250."),
        render_kw={"autocomplete": "off", "inputmode": "tel", "autofocus": True},
    )
    first = StringField(
        _l("First"),
        [InputRequired(_l("Enter the digits of the first number.")), _DIGITS],
        render_kw={"autocomplete": "off", "inputmode": "numeric", "placeholder": "00"},
    )
    last = StringField(
        _l("Last"),
        [InputRequired(_l("Enter the digits of the last number.")), _DIGITS],
        render_kw={"autocomplete": "off", "inputmode": "numeric", "placeholder": "99"},
    )


def _block(prefix: str, first: str, last: str) -> document.Block:
    """The block that these mean; raises RuleError."""
    with reading() as session:
        digits = searching.digits(session, prefix)
    start = digits.prefix if digits and digits.prefix else prefix
    return made(document.Block, prefix=start, first=first.strip(), last=last.strip())


def _counted() -> str:
    """What the form's entries so far mean, while they are typed; empty where they are no block yet."""
    try:
        block = _block(*(request.args.get(name, "")[:40] for name in ("prefix", "first", "last")))
    except RuleError:
        return ""
    return "" if list(check_blocks([block])) else _size(block)


def _size(block: document.Block) -> str:
    size = number_use.block_size(block)
    amount = ngettext("one number", "%(amount)s numbers", size, amount=count(size))
    first, last = readable(block.prefix + block.first), readable(block.prefix + block.last)
    return str(_("%(first)s to %(last)s: %(amount)s", first=first, last=last, amount=amount))


@pages.get("/blocks")
@allow("admin")
def blocks() -> Answer:
    """All blocks."""
    with reading() as session:
        found = number_use.blocks(session)
    return answer("numbers/blocks.html", blocks=found)


@pages.route("/blocks/new", methods=["GET", "POST"])
@allow("admin")
def new_block() -> Answer:
    """Add a block; its numbers are inactive."""
    form = BlockForm(data={name: request.args.get(name, "")[:40] for name in ("prefix", "first", "last")})
    if form.validate_on_submit():
        block = None
        with form.saving(apply=True) as session:
            block = _block(form.prefix.data, form.first.data, form.last.data)
            numbers.add_block(session, block)
        if form.saved and block:
            message = _("The block is added: %(size)s. Activate those that you use.", size=_size(block))
            return done(message, "numbers.blocks")
    return answer("numbers/new_block.html", form, counted=_counted())


@pages.route("/blocks/<prefix>/<first>/<last>/remove", methods=["GET", "POST"])
@allow("admin")
def remove_block(prefix: str, first: str, last: str) -> Answer:
    """Remove a block with all its numbers, used or not."""
    with reading() as session:
        known = [line.block for line in number_use.blocks(session)]
    block = next((one for one in known if (one.prefix, one.first, one.last) == (prefix, first, last)), None)
    if block is None:
        abort(404)
    form = ConfirmForm()
    if form.validate_on_submit():
        with form.saving(apply=True) as session:
            numbers.remove_block(session, block)
        if form.saved:
            return done(_("The block is removed: %(size)s.", size=_size(block)), "numbers.blocks")
    with reading() as session:
        loss = number_use.loss_of(session, block)
    return answer(
        "numbers/lose.html",
        form,
        title=_("Remove the block?"),
        text=_("%(size)s. All of them are gone with it, and calls to them no longer arrive.", size=_size(block)),
        button=_("Remove block"),
        cancel=url_for("numbers.blocks"),
        **single.named_loss(loss),
    )
