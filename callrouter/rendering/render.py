"""The whole FreeSWITCH configuration from the company and the settings: pure, the same bytes for the same input."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from callrouter import resources, variables
from callrouter.directory.document import CompanyFile
from callrouter.errors import RenderError
from callrouter.rendering import certificates, view
from callrouter.rendering.check import check
from callrouter.routing import features, forwarding, outgoing, ringing, waiting
from callrouter.routing.names import behind
from callrouter.routing.plan import RING_CAUSES, SPOKEN, RejectReason, RingResult
from callrouter.routing.snapshot import DigitRules
from callrouter.settings import Settings, parse_address
from callrouter.variables import StepMark

_SUFFIX = ".j2"
#: A byte of a caller's name that may reach a phone: letters, digits, a few signs, and well-formed two-byte UTF-8.
_CLEAN = r"(?:[A-Za-z0-9 ._+-]|[\xc3-\xd9][\x80-\xbf])"
_UNCLEAN = r"(?:(?![A-Za-z0-9 ._+-]|[\xc3-\xd9][\x80-\xbf])[\x00-\xff])"
#: What ``harmless`` and ``routing.names`` leave of names, byte by byte: nothing that ends or begins anything elsewhere.
_SHOWN = r"(?:[A-Za-z0-9 .()&!?#*+=_-]|[\x80-\xff])+"
#: Channel variables that repeat the caller's address, emptied when privacy was asked for.
_PRIVATE_VARIABLES = (
    "sip_from_user",
    "sip_from_user_stripped",
    "sip_from_uri",
    "sip_from_display",
    "sip_full_from",
    "sip_contact_user",
    "sip_contact_uri",
    "sip_P-Asserted-Identity",
    "sip_Remote-Party-ID",
    "sip_P-Preferred-Identity",
    "sip_h_P-Charging-Vector",
    "sip_h_Diversion",
    "sip_history_info",
)


def _loader(site_templates: Path | None) -> jinja2.BaseLoader:
    folders = [site_templates] if site_templates else []
    folders += [resources.data_dir("dialplan_templates"), resources.data_dir("freeswitch_conf")]
    return jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder) for folder in folders])


def _mark(n: str, kind: str, owner: str = "", result: str = "") -> str:
    return StepMark(n, kind, owner, result).text()


def _context(
    company: CompanyFile, settings: Settings, version: int, built: view.View, digits: DigitRules
) -> dict[str, Any]:
    trunks = built.trunks
    return {field.name: getattr(built, field.name) for field in dataclasses.fields(built)} | {
        "v": variables,
        "version": version,
        "company": company.company,
        "domain": company.company.sip_domain,
        "digits": digits,
        "emergency": digits.emergency,
        "trunks_out": sorted(trunks, key=lambda trunk: not trunk.outgoing),
        "limits": company.company.limits,
        "freeswitch": settings.freeswitch,
        "voicemail": settings.voicemail,
        "spool": settings.spool,
        "prompts": settings.prompts_dir / company.company.language,
        "music": settings.prompts_dir / "music" / "hold.wav",
        "router": settings.router.listen,
        "event_socket": parse_address(settings.freeswitch.event_socket, "[freeswitch] event_socket"),
        "tls_dir": settings.conf_dir / certificates.FOLDER,
        "sip_ip": _address(settings.freeswitch.sip_ip),
        "rtp_ip": _address(settings.freeswitch.rtp_ip),
        "results": [result for result in RingResult if result is not RingResult.ANSWERED],
        "ring_causes": dict(RING_CAUSES),
        "spoken": SPOKEN,
        "blocked_caller": RejectReason.BLOCKED_CALLER,
        "anonymous_caller": RejectReason.ANONYMOUS_CALLER,
        "outgoing": outgoing,
        "ringing": ringing,
        "features": features,
        "forwarding": forwarding,
        "waiting": waiting,
        "mark": _mark,
        "clean": _CLEAN,
        "unclean": _UNCLEAN,
        "shown": _SHOWN,
        "behind": behind,
        "private_variables": _PRIVATE_VARIABLES,
    }


def _address(text: str) -> str:
    return "$${local_ip_v4}" if text == "auto" else text


def render(
    company: CompanyFile,
    settings: Settings,
    version: int,
    holidays: Mapping[dt.date, str],
    digits: DigitRules,
) -> dict[str, bytes]:
    """Return every file of the configuration by its path relative to ``conf_dir``.

    *version* is the configuration's (``company.version``), *holidays* the public holidays to write out as dates.
    A site's template of the same name wins over ours. Raises RenderError when a template or its result is wrong.
    """
    if not settings.freeswitch.password:
        raise RenderError("[freeswitch] password is empty; `callrouter init` writes a random one")
    site = settings.base / settings.rendering.site_templates if settings.rendering.site_templates else None
    if site is not None and not site.is_dir():
        raise RenderError(f"[rendering] site_templates: {site} is no folder")
    environment = jinja2.Environment(
        loader=_loader(site),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    names = [
        name
        for name in sorted(environment.list_templates())
        if not Path(name).name.startswith(("_", ".")) and Path(name).suffix in (".xml", _SUFFIX)
    ]
    context = _context(company, settings, version, view.build(company, holidays, digits), digits)
    context["files"] = [name.removesuffix(_SUFFIX) for name in names]
    files: dict[str, bytes] = {}
    for name in names:
        try:
            template = environment.get_template(name)
            text = template.render(context) if name.endswith(_SUFFIX) else _source(environment, name)
        except jinja2.TemplateError as error:
            raise RenderError(f"template {name}: {error}") from error
        files[name.removesuffix(_SUFFIX)] = text.encode()
    check(files)
    return files


def _source(environment: jinja2.Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
