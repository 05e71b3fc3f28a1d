"""The company's settings, schedules and trunks; what becomes of a call; and whether all is well."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

import callrouter
from callrouter.directory import calendar, document, kinds, services
from callrouter.directory.explaining import Explanation, WeekSpan
from callrouter.directory.exporting import read_schedules, read_trunks
from callrouter.directory.lists import Page
from callrouter.directory.versions import check_version
from callrouter.errors import RuleError, UnknownError
from callrouter.routing import features
from callrouter.web import health
from callrouter.web.api import shapes
from callrouter.web.api.routes import Created, Given, Routes
from callrouter.web.api.shapes import CompanyRecord, Listing, ScheduleRecord, TrunkRecord, versioned
from callrouter.web.parts import parts

company_routes = Routes("Company")
schedule_routes = Routes("Schedules")
trunk_routes = Routes("Trunks")
system_routes = Routes("System")


class MonthQuery(shapes.Query):
    """A month; holidays are named in ``language``, else in the company's."""

    year: Annotated[int, Field(ge=1970, le=2200)]
    month: Annotated[int, Field(ge=1, le=12)]
    language: kinds.Language | None = None


class ExplainQuery(shapes.Query):
    """A call to ``number`` ``at`` a time (left out: now), of ``caller`` (left out: anonymous) or a ``device``."""

    number: Annotated[str, Field(pattern=rf"^(?:{re.escape(features.SHOW)}[0-9]{{2,8}}\*)?\+?[0-9*#]{{1,20}}$")]
    at: shapes.Moment | None = None
    caller: kinds.E164 | None = None
    device: kinds.SipUser | None = None
    language: kinds.Language | None = None


class WeekQuery(shapes.Query):
    """The seven days from ``at`` (left out: now) of calls to ``number``."""

    number: Annotated[str, Field(pattern=r"^\+?[0-9]{1,20}$")]
    at: shapes.Moment | None = None
    language: kinds.Language | None = None


class Applying(BaseModel):
    """Whether FreeSWITCH has the directory as it is: ``pending``: not yet; ``problem``: why the last try failed."""

    pending: bool
    applied_at: dt.datetime | None
    problem: str
    restart: list[str]


class Health(BaseModel):
    """``ok``: every check passes."""

    version: str
    ok: bool
    checks: dict[str, dict[str, Any]]
    applying: Applying


@company_routes.get("/company", gives=CompanyRecord, versioned=True)
def get_company(given: Given) -> CompanyRecord:
    """The company's settings."""
    return versioned(CompanyRecord, *services.company(given.session))


@company_routes.patch("/company", takes=shapes.change_of(document.Company), gives=CompanyRecord, versioned=True)
def change_company(given: Given) -> CompanyRecord:
    """Change the company's settings; of its parts (cases, retention, privacy, limits) too, what is left out stays."""
    company, _ = services.company(given.session)
    changed = document.Company.model_validate(_merged(company.model_dump(), given.values))
    services.save_company(given.session, changed, expected_version=given.version)
    return get_company(given)


@schedule_routes.get("/schedules", gives=Listing[document.Schedule])
def list_schedules(given: Given) -> Page[document.Schedule]:
    """All named schedules."""
    found = read_schedules(given.session)
    return Page(found, len(found))


@schedule_routes.get("/schedules/<path:name>", gives=ScheduleRecord, versioned=True)
def get_schedule(given: Given, name: str) -> ScheduleRecord:
    """One schedule."""
    return versioned(ScheduleRecord, *services.schedule(given.session, name))


@schedule_routes.put(
    "/schedules/<path:name>", takes=shapes.ScheduleBody, gives=ScheduleRecord, versioned=True, creates=True
)
def save_schedule(given: Given, name: str) -> ScheduleRecord | Created:
    """Add a schedule, or put another in its place."""
    new = _is_new(lambda: services.schedule(given.session, name))
    part = document.Schedule.model_validate(given.values | {"name": _name(given, name)})
    services.save_schedule(given.session, part, expected_version=given.version)
    record = get_schedule(given, part.name)
    return Created(record, f"/schedules/{part.name}") if new else record


@schedule_routes.delete("/schedules/<path:name>", versioned=True)
def remove_schedule(given: Given, name: str) -> None:
    """Remove a schedule that no mailbox uses."""
    check_version(given.session, "schedule", name, services.schedule(given.session, name)[1], given.version)
    services.remove_schedule(given.session, name)


@schedule_routes.get("/schedules/<path:name>/preview", asks=MonthQuery, gives=Listing[calendar.Day])
def preview_schedule(given: Given, name: str) -> Page[calendar.Day]:
    """A month of a schedule, day by day: open times in minutes after midnight, and why a day is closed."""
    schedule, _ = services.schedule(given.session, name)
    company, _ = services.company(given.session)
    query = given.query
    days = calendar.schedule_preview(schedule, company, query.year, query.month, query.language)
    return Page(days, len(days))


@trunk_routes.get("/trunks", gives=Listing[document.Trunk])
def list_trunks(given: Given) -> Page[document.Trunk]:
    """All trunks, without passwords."""
    found = read_trunks(given.session)
    return Page(found, len(found))


@trunk_routes.get("/trunks/<name>", gives=TrunkRecord, versioned=True)
def get_trunk(given: Given, name: str) -> TrunkRecord:
    """One trunk, without its password."""
    return versioned(TrunkRecord, *services.trunk(given.session, name))


@trunk_routes.put("/trunks/<name>", takes=shapes.TrunkBody, gives=TrunkRecord, versioned=True, creates=True)
def save_trunk(given: Given, name: str) -> TrunkRecord | Created:
    """Add a trunk, or put another in its place; without a password it keeps the one it has."""
    new = _is_new(lambda: services.trunk(given.session, name))
    part = document.Trunk.model_validate(given.values | {"name": _name(given, name)})
    services.save_trunk(given.session, part, expected_version=given.version)
    record = get_trunk(given, part.name)
    return Created(record, f"/trunks/{part.name}") if new else record


@trunk_routes.delete("/trunks/<name>", versioned=True)
def remove_trunk(given: Given, name: str) -> None:
    """Remove a trunk: no more calls come by it."""
    check_version(given.session, "trunk", name, services.trunk(given.session, name)[1], given.version)
    services.remove_trunk(given.session, name)


@system_routes.get("/explain", asks=ExplainQuery, gives=Explanation, access="nothing")
def explain_call(given: Given) -> Explanation:
    """What happens to a call, and why, in sentences; nobody is rung."""
    query = given.query
    return parts().explain(query.number, query.at or given.at, query.language, caller=query.caller, device=query.device)


@system_routes.get("/explain/week", asks=WeekQuery, gives=Listing[WeekSpan], access="nothing")
def explain_week(given: Given) -> Page[WeekSpan]:
    """What anybody's calls from outside to a number get in a week, from one change to the next, and why."""
    query = given.query
    found = parts().explain.week(query.number, query.at or given.at, query.language)
    return Page(found, len(found))


@system_routes.get("/health", gives=Health, access="nothing")
def get_health(given: Given) -> Health:
    """The version, each check of /health, and whether FreeSWITCH has taken over the last change."""
    checks = health.results(parts().checks)
    state = parts().apply.state
    return Health(
        version=callrouter.__version__,
        ok=all(check["ok"] for check in checks.values()),
        checks=checks,
        applying=Applying(
            pending=state.pending, applied_at=state.applied_at, problem=state.problem, restart=list(state.restart)
        ),
    )


def _merged(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """RFC 7396, but that null is a value: who changes one limit does not lift the others."""
    parts_of = {
        name: _merged(before[name], value)
        for name, value in given.items()
        if isinstance(value, Mapping) and isinstance(before.get(name), Mapping)
    }
    return {**before, **given, **parts_of}


def _is_new(find: Any) -> bool:
    try:
        find()
    except UnknownError:
        return True
    return False


def _name(given: Given, name: str) -> str:
    if given.body.name not in (None, name):
        text = f"the address says {name}; a record cannot be given another name, add a new one"
        raise RuleError(text, [("name", text)])
    return name
