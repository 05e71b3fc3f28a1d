"""Appends to the German translations every text of pages and rules that has none yet, for somebody to translate.

Run it as ``make translations``; it prints what is missing, and what is translated but used no more. ARGS=NAME appends
to NAME.po in place of messages.po: a text may stand in any one of the files.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
WEB, DIRECTORY, CASES = (ROOT / "callrouter" / name for name in ("web", "directory", "cases"))
GERMAN = WEB / "translations" / "de" / "LC_MESSAGES"
_METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext:babel_extract")]
_KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "_n": (1, 2)}

Text = str | tuple[str, ...]


def used() -> dict[Text, str]:
    """Every text (singular and plural where it has both) and the first place where it stands."""
    found: dict[Text, str] = {}
    for folder, keywords in ((WEB, _KEYWORDS), (DIRECTORY, {"say": None}), (CASES, {"say": None})):
        for path, line, text, _, _ in extract_from_dir(str(folder), _METHODS, {}, keywords=keywords):
            found.setdefault(text, f"{path}:{line}")
    return found


def german() -> list[Message]:
    """The translations there are."""
    found: list[Message] = []
    for path in sorted(GERMAN.glob("*.po")):
        with path.open("rb") as file:
            found += [message for message in read_po(file, locale="de", abort_invalid=True) if message.id]
    return found


def name(message: Message) -> Text:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def translated(messages: list[Message]) -> set[Text]:
    """The texts whose translation is complete."""
    return {
        name(message)
        for message in messages
        if all(message.string if isinstance(message.string, tuple) else (message.string,))
    }


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def entry(text: Text, place: str) -> str:
    """An entry without its translation, as it stands in the file."""
    flag = "#, python-format\n" if "%(" in str(text) else ""
    if isinstance(text, str):
        return f'\n#: {place}\n{flag}msgid {_quoted(text)}\nmsgstr ""\n'
    one, many = text
    return f'\n#: {place}\n{flag}msgid {_quoted(one)}\nmsgid_plural {_quoted(many)}\nmsgstr[0] ""\nmsgstr[1] ""\n'


def main(file: str = "messages") -> None:
    messages = german()
    there = {name(message) for message in messages}
    wanted = used()
    new = [text for text in wanted if text not in there]
    path = GERMAN / f"{file}.po"
    with path.open("a", encoding="utf-8") as target:
        if not target.tell():
            target.write('msgid ""\nmsgstr ""\n"Language: de\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n')
            target.write('"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n')
        target.writelines(entry(text, wanted[text].partition(":")[0]) for text in new)
    for text in sorted(map(str, set(wanted) - translated(messages))):
        print(f"to translate: {text}")
    for text in sorted(str(text) for text in there - set(wanted)):
        print(f"used no more: {text}")


if __name__ == "__main__":
    main(*sys.argv[1:2])
