"""The Flask application: what every page has, and the list of all pages."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

from callrouter.web import call_words, failures, format, languages, navigation, parts, security
from callrouter.web.api.blueprint import create_api
from callrouter.web.health import health_pages
from callrouter.web.pages import (
    account,
    audit,
    blocked,
    calls,
    calls_out,
    employee_add,
    employee_devices,
    employee_forwarding,
    employee_numbers,
    employee_ringing,
    employees,
    inbox,
    keeping,
    mailboxes,
    mails,
    messages,
    number_blocks,
    number_notifications,
    numbers,
    phonebook,
    pool_hours,
    pool_next,
    pool_waiting,
    pools,
    privacy,
    schedules,
    session,
    settings,
    start,
    tokens,
    trunks,
    users,
)
from callrouter.web.parts import Parts

#: One blueprint a noun; several modules may share it.
_PAGES = (
    start.pages,
    session.pages,
    account.pages,
    employees.pages,
    employee_add.pages,
    employee_devices.pages,
    employee_forwarding.pages,
    employee_numbers.pages,
    employee_ringing.pages,
    numbers.pages,
    number_blocks.pages,
    number_notifications.pages,
    trunks.pages,
    blocked.pages,
    calls_out.pages,
    phonebook.pages,
    inbox.pages,
    calls.pages,
    messages.pages,
    mails.pages,
    settings.pages,
    privacy.pages,
    keeping.pages,
    users.pages,
    tokens.pages,
    pools.pages,
    pool_next.pages,
    pool_hours.pages,
    pool_waiting.pages,
    schedules.pages,
    audit.pages,
)
_STATIC = Path(__file__).parent / "static"


@cache
def _checksum(name: str) -> str:
    return hashlib.sha256((_STATIC / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep it."""
    return url_for("static", filename=name, v=_checksum(name))


def create_application(given: Parts) -> Flask:
    """The web role's WSGI application."""
    application = Flask(__name__)
    https = given.settings.web.base_url.lower().startswith("https://")
    if https:  # then somebody else ends the TLS: one proxy, who says whose address it was
        application.wsgi_app = ProxyFix(application.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]
    application.config["SEND_FILE_MAX_AGE_DEFAULT"] = 30 * 86400
    application.jinja_env.trim_blocks = application.jinja_env.lstrip_blocks = True
    parts.install(application, given)
    security.secure(application, secret=given.settings.web.secret_key, https=https)
    languages.speak(application)
    format.add_filters(application)
    call_words.add_filters(application)
    failures.explain(application)
    application.jinja_env.globals.update(
        asset=asset,
        navigation=navigation.links,
        has_page=lambda endpoint: endpoint in application.view_functions,
        applying=lambda: given.apply.state,
        language=languages.language,
        company=languages.company,
    )
    application.register_blueprint(health_pages(given.checks))
    application.register_blueprint(create_api())
    for pages in dict.fromkeys(_PAGES):
        application.register_blueprint(pages)
    mailboxes.add_to(application)
    return application
