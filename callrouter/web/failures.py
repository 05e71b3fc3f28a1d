"""What a person sees when a request is refused or fails: a page that says what happened and what to do."""

from __future__ import annotations

import secrets
from html import escape

from flask import Flask, Response, g, make_response, render_template, request
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from callrouter import log
from callrouter.directory.database import TROUBLE
from callrouter.web import problems


def _said(code: int) -> tuple[str, str]:
    """Title and text for *code*."""
    texts = {
        403: (_("Not permitted"), _("This page is not for you. An administrator can do what you were about to do.")),
        404: (_("Not found"), _("There is nothing at this address. It may have been removed.")),
        405: (_("Not possible"), _("This address cannot be opened like this. Go back and use the button there.")),
        413: (_("Too large"), _("What you sent is too large. Choose a smaller file.")),
        429: (_("Too many attempts"), _("There were too many attempts. Wait a quarter of an hour, then try again.")),
        503: (
            _("Not possible just now"),
            _("The database cannot be used. Try again in a moment; if it stays so, tell your administrator."),
        ),
        500: (_("Something went wrong"), _("Nothing was changed. Try again; if it stays so, tell your administrator.")),
    }
    return texts.get(code, (_("Not possible"), _("The request could not be understood. Go back and try again.")))


def _page(code: int, title: str, text: str, reference: str = "") -> Response:
    try:
        page = render_template("error.html", code=code, title=title, text=text, reference=reference)
    except Exception as error:  # the layout needs the database, which may be what is broken
        if not isinstance(error, TROUBLE):
            log.get("web").exception("the page about an error could not be made")
        page = f"<!doctype html><title>{escape(title)}</title><h1>{escape(title)}</h1><p>{escape(text)} {reference}</p>"
    return make_response(page, code)


def _forget_who() -> None:
    """Where the user cannot be read, the page about the error is for nobody in particular."""
    try:
        bool(current_user.is_authenticated)
    except Exception:
        g._login_user = AnonymousUserMixin()


def explain(application: Flask) -> None:
    """Show errors as pages; what was not foreseen goes into the log with the reference that the page shows."""

    @application.errorhandler(CSRFError)
    def expired(error: CSRFError) -> Response:
        if "does not match the host" in str(error.description):
            log.get("web").warning(
                f"a form from {str(request.referrer)[:200]!r} was refused, for this host is {request.host!r}: "
                "the proxy in front must pass on Host as the browser sent it, with the port (nginx: $http_host)"
            )
        text = _("Your session has ended, or the page was open for too long. Go back, load it again and send it anew.")
        return _page(400, _("The form has expired"), text)

    @application.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | AnyResponse:
        code = error.code or 500
        if code < 400 or error.response is not None:
            return error.get_response()
        page = problems.answer(code) if problems.wanted() else _page(code, *_said(code))
        for name, value in error.get_headers():
            if name.lower() in ("allow", "retry-after", "content-range"):
                page.headers[name] = value
        return page

    def busy(error: Exception) -> Response:
        _forget_who()
        said = str(getattr(error, "orig", None) or error).partition("\n")[0]
        log.get("web").error(f"a page could not be made, the database cannot be used: {said}")
        page = problems.answer(503) if problems.wanted() else _page(503, *_said(503))
        page.headers["Retry-After"] = str(problems.RETRY_SECONDS)
        return page

    for kind in TROUBLE:
        application.register_error_handler(kind, busy)

    @application.errorhandler(Exception)
    def failed(_error: Exception) -> Response:
        reference = secrets.token_hex(4)
        _forget_who()
        log.get("web").exception(f"a page failed; reference {reference}")
        if problems.wanted():
            return problems.answer(500, reference=reference)
        return _page(500, *_said(500), reference=reference)
