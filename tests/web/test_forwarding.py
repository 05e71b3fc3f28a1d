"""The page on which an employee chooses where calls go on."""

from __future__ import annotations

import pytest

from callrouter.directory import document, employees, services
from callrouter.errors import RuleError
from tests.web.world import World

ADDRESS = "/employees/anna/forwarding"


def _forwarding(world: World) -> document.Forwarding:
    with world.database.read() as session:
        return services.employee(session, "anna")[0].forwarding


def test_an_employee_chooses_by_name_by_extension_and_nobody(world: World):
    browser = world.browser("employee")
    values = {
        "always": "", "always_who": "Nobody looks at this",
        "busy": "phones", "busy_who": " 11 ",
        "no_answer": "mailbox", "no_answer_who": "Vertrieb", "after": "25",
        "offline": "mailbox", "offline_who": "employee:anna",
    }  # fmt: skip
    assert browser.send(ADDRESS, values).status == 303
    wanted = document.Forwarding(
        busy="employee:ben", no_answer="mailbox:pool:sales", offline="mailbox:employee:anna", after=25
    )
    assert _forwarding(world) == wanted
    assert world.parts.apply.state.pending
    assert browser.get(ADDRESS).values()["busy_who"] == "Ben Yılmaz"
    assert browser.send(ADDRESS).status == 303
    assert _forwarding(world) == wanted


def test_a_mailbox_that_takes_no_calls_is_told(world: World):
    browser = world.browser("employee")
    browser.send(ADDRESS, {"busy": "mailbox", "busy_who": "11", "offline": "mailbox", "offline_who": "Vertrieb"})
    assert [text for text in browser.get(ADDRESS).texts("notice") if "mailbox" in text] == [
        "The mailbox of Ben Yılmaz takes no calls, so none goes there."
    ]


def test_a_number_outside_is_written_as_people_dial_it(world: World):
    browser = world.browser("employee")
    assert browser.send(ADDRESS, {"busy": "outside", "busy_who": " 0176 / 040 69007 "}).status == 303
    assert _forwarding(world) == document.Forwarding(busy="+4917604069007")
    shown = browser.get(ADDRESS).values()
    assert (shown["busy"], shown["busy_who"]) == ("outside", "+4917604069007")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"always": "outside", "always_who": ""}, "Enter a telephone number"),
        ({"always": "outside", "always_who": "mobile"}, "Enter a telephone number"),
        ({"always": "outside", "always_who": "0"}, "no number that can be called"),
        ({"always": "outside", "always_who": "112"}, "no number that can be called"),
        ({"busy": "outside", "busy_who": "+44 1632 960001"}, "may not call"),
        ({"busy": "outside", "busy_who": "+49 30 23125011"}, "the company's own"),
        ({"always": "phones", "always_who": "Niemand"}, "Nobody is called so"),
        ({"busy": "mailbox", "busy_who": ""}, "Nobody is called so"),
        ({"offline": "phones", "offline_who": "10"}, "forwards to itself"),
        ({"after": "3"}, "5 to 120"),
    ],
)
def test_a_mistake_is_told_beside_its_field(world: World, values: dict[str, str], says: str):
    page = world.browser("employee").send(ADDRESS, values)
    assert page.status == 422
    [error] = page.texts("error")
    assert says in error
    assert _forwarding(world) == document.Forwarding()


def test_what_comes_next_at_a_pool(world: World):
    page = "/pools/sales/next"
    admin = world.browser("admin")
    values = {"busy": "phones", "busy_who": "Ben Yılmaz", "no_answer": "outside", "no_answer_who": "0176 04069007"}
    assert admin.send(page, values).status == 303
    with world.database.read() as session:
        pool, _ = services.pool(session, "sales")
    assert pool.next == document.Next(busy="employee:ben", no_answer="+4917604069007")
    shown = admin.get(page).values()
    assert (shown["busy_who"], shown["no_answer"], shown["offline"]) == ("Ben Yılmaz", "outside", "")
    [error] = admin.send(page, {"offline": "phones", "offline_who": "Vertrieb"}).texts("error")
    assert "forwards to itself" in error


def test_whoever_calls_are_forwarded_to_is_not_removed(world: World):
    with world.database.write() as session:
        employees.set_forwarding(session, "anna", busy="mailbox:pool:sales")
    with pytest.raises(RuleError, match="forwarded there by anna"), world.database.write() as session:
        services.remove_pool(session, "sales")
    with world.database.write() as session:
        employees.set_forwarding(session, "anna", busy=None)
        services.remove_pool(session, "sales")
