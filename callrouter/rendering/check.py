"""Rules that every rendered configuration must keep, whoever wrote the template: ours or the site's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from callrouter import variables
from callrouter.errors import RenderError

#: The one preprocessor variable our templates use; any other could have come from data.
_PREPROCESSOR = re.compile(rb"\$\$\{(?!local_ip_v4\})")


def check(files: Mapping[str, bytes]) -> None:
    """Raise RenderError naming every rule that *files* (by path) break."""
    problems: list[str] = []
    trees: dict[str, etree._Element] = {}
    for name, data in files.items():
        if _PREPROCESSOR.search(data):
            problems.append(f"{name}: $${{…}} is FreeSWITCH's preprocessor syntax and must not come from data")
        try:
            trees[name] = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            problems.append(f"{name}: no well-formed XML: {error}")
    problems += _dialplan({name: tree for name, tree in trees.items() if name.startswith("dialplan/")})
    if problems:
        raise RenderError("the rendered configuration is not usable, nothing was written:\n" + "\n".join(problems))


def _dialplan(trees: Mapping[str, etree._Element]) -> Iterator[str]:
    contexts = [context.get("name") for tree in trees.values() for context in tree.iter("context")]
    for twice in sorted({name for name in contexts if contexts.count(name) > 1}):
        yield f"dialplan: there are two contexts {twice!r}"
    for tree in trees.values():
        yield from _let_in(tree)
    known = set(contexts)
    for name, tree in trees.items():
        for action in tree.iter("action", "anti-action"):
            application, data = action.get("application"), action.get("data", "")
            where = f"{name}:{action.sourceline}"
            if application in ("transfer", "execute_extension"):
                context = data.rpartition(" ")[2]
                if "$" not in context and context not in known:
                    yield f"{where}: {application} goes to the context {context!r}, which does not exist"
            elif application == "bridge":
                yield from _bridge(where, action, data)
            elif application == "socket" and data.split()[1:] != ["full"]:
                yield f"{where}: socket must be synchronous: HOST:PORT full"


def _let_in(tree: etree._Element) -> Iterator[str]:
    """Where calls come in, what would end them as soon as they are answered is taken off (_takeover.xml.j2)."""
    for context in tree.iter("context"):
        if context.get("name") in ("public", "internal"):
            first = context.find("extension/condition/action")
            if first is None or first.get("data") != "execute_on_answer=":
                yield f"dialplan: the context {context.get('name')!r} must begin with takeover.let_in()"


def _bridge(where: str, action: etree._Element, data: str) -> Iterator[str]:
    """Phones are rung as docs/dialplan.md says: by account, the caller hears ringing, the record knows the device."""
    if "loopback/" in data or "user/" in data:
        yield f"{where}: bridge must dial sofia/PROFILE/DEVICE%DOMAIN, never loopback/ or user/"
    phones = data.count("sofia/phones/") + data.count(f"${{{variables.TO}")
    before = action.getprevious()
    if phones and (before is None or before.get("application") != "ring_ready"):
        yield f"{where}: ring_ready must come right before a bridge to phones"
    if data.count(f"{variables.DEVICE}=") < phones:
        yield f"{where}: every leg to a phone must carry {variables.DEVICE}"
