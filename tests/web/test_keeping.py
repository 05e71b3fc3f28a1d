"""The pages of who is told of callers who wait too long, by the company or by a pool, and of how long data is kept."""

from __future__ import annotations

import pytest

from callrouter.directory import document, owners, services
from tests.web.world import World

ESCALATION, RETENTION = "/settings/escalation", "/settings/retention"


def company(world: World) -> document.Company:
    with world.database.read() as session:
        return services.company(session)[0]


def test_who_is_told_is_changed(world: World):
    entered = {
        "escalate_minutes": "90",
        "escalate_to": " boss@muster.example ",
    }
    page = world.browser("admin").send(ESCALATION, entered)
    assert (page.status, page.location) == (303, ESCALATION)
    assert company(world).cases == document.Cases(escalate_minutes=90, escalate_to="boss@muster.example")
    assert world.browser("admin").send(ESCALATION, {"escalate_to": ""}).status == 303
    assert company(world).cases.escalate_to is None


def test_how_long_data_is_kept_is_changed(world: World):
    page = world.browser("admin").send(RETENTION, {"calls": "90", "messages": "30"})
    assert (page.status, page.location) == (303, RETENTION)
    assert company(world).retention == document.Retention(calls=90, messages=30)
    assert world.browser("admin").get(RETENTION).values()["calls"] == "90"
    assert world.browser("admin").send(RETENTION, {"calls": ""}).status == 303
    assert company(world).retention == document.Retention(messages=30)
    audit = world.browser("admin").get("/audit").text
    assert "How long data is kept (days) · Calls" in audit


@pytest.mark.parametrize(
    ("path", "changed", "field", "text"),
    [
        (ESCALATION, {"escalate_minutes": "10001"}, "escalate_minutes", "Enter 0 to 10000."),
        (ESCALATION, {"escalate_minutes": "x"}, "escalate_minutes", "Enter a whole number."),
        (ESCALATION, {"escalate_to": "a@b.example, c@d.example"}, "escalate_to", "Enter one mail address."),
        (RETENTION, {"calls": "0"}, "calls", "Enter 1 to 36500, or nothing."),
        (RETENTION, {"audit": "1.5"}, "audit", "Enter a whole number."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(world: World, path: str, changed: dict, field: str, text: str):
    page = world.browser("admin").send(path, changed)
    assert page.status == 422
    [error] = page.tree.xpath(f"//*[@id='{field}']/ancestor::div[@class='field wrong']//p[@class='error']")
    assert text in error.text_content()
    assert company(world).cases == document.Cases()


def test_the_settings_lead_there(world: World):
    page = world.browser("admin", "de").get("/settings")
    assert page.tree.xpath(f"//a[@href='{ESCALATION}']/text()") == ["Anrufer, die zu lange warten"]
    assert page.tree.xpath(f"//a[@href='{RETENTION}']/text()") == ["Aufbewahrung"]


@pytest.mark.parametrize("path", ["/pools/sales/notifications", "/employees/anna/notifications"])
def test_who_is_told_of_callers_who_wait_too_long(world: World, path: str):
    key = "pool:sales" if "pools" in path else "employee:anna"
    assert world.browser("admin").send(path, {"escalate_to": "lead@muster.example"}).status == 303
    with world.database.read() as session:
        assert owners.owner(session, key)[0].notify.escalate_to == "lead@muster.example"
    refused = world.browser("admin").send(path, {"escalate_to": "nobody"})
    assert refused.status == 422
    assert world.browser("admin").send(path, {"escalate_to": ""}).status == 303
    with world.database.read() as session:
        assert owners.owner(session, key)[0].notify.escalate_to is None
