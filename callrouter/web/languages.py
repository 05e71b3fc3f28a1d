"""German and English: which one a request gets, and the translations, read from the .po file at start."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from flask import Flask, g, request
from flask_babel import Babel, Domain, get_locale, gettext
from flask_login import current_user
from sqlalchemy import select

from callrouter.directory.models import CompanyRow
from callrouter.errors import Saying
from callrouter.web.format import moment
from callrouter.web.parts import reading

LANGUAGES = ("de", "en")
_FOLDER = Path(__file__).parent / "translations"


@dataclass(frozen=True, slots=True)
class Company:
    """What pages need of the company all the time."""

    name: str
    timezone: str
    language: str
    country: str


def company() -> Company:
    """The company; before there is one, a nameless one that keeps UTC."""
    if "company" not in g:
        query = select(CompanyRow.name, CompanyRow.timezone, CompanyRow.language, CompanyRow.country)
        with reading() as session:
            row = session.execute(query).first()
        g.company = Company(*row) if row else Company("callrouter", "UTC", "en", "DE")
    found: Company = g.company
    return found


def language() -> str:
    """The language of this request's answer, ``de`` or ``en``."""
    return str(get_locale())


def translated(text: str) -> str:
    """What a rule says (``errors.say``) in the language of this request; any other text as it is."""
    if not isinstance(text, Saying):
        return text
    return str(gettext(text.template)) % {name: _translated_value(value) for name, value in text.values.items()}


def _translated_value(value: object) -> object:
    if isinstance(value, dt.datetime):
        return moment(value)
    return translated(value) if isinstance(value, str) else value


def _choose() -> str:
    """The user's own setting, else the browser's first wish that we speak."""
    if current_user and current_user.is_authenticated and current_user.language in LANGUAGES:
        return str(current_user.language)
    return request.accept_languages.best_match(LANGUAGES, default="en")


@cache
def catalogue(code: str) -> Translations:
    """The translations into *code*, from all of its files; none for English, which the sources are in."""
    folder = _FOLDER / code / "LC_MESSAGES"
    all_of_them = Catalog(locale=code)
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=code):
                if message.id:
                    all_of_them[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, all_of_them)
    compiled.seek(0)
    return Translations(compiled)


class _Sources(Domain):
    """Translations from our .po files: no compiled file has to be kept in step with them."""

    def get_translations(self) -> Any:
        return catalogue(language())


def speak(application: Flask) -> None:
    """Answer each request in its language, with times in the company's zone."""
    babel = Babel()
    babel.__dict__["domain_instance"] = _Sources()
    babel.init_app(application, locale_selector=_choose, timezone_selector=lambda: company().timezone)
