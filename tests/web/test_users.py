"""Users: added, given another role and another password, removed; what goes wrong stands beside its field."""

from __future__ import annotations

from sqlalchemy import select

from callrouter.directory import accounts
from callrouter.directory.audit import AuditRow
from tests.web.world import NOW, World


def secret(page) -> str:
    return page.tree.xpath("//dl//code/text()")[1]


def test_a_new_user_signs_in_with_the_password_shown(world: World):
    admin = world.browser("admin")
    page = admin.send("/users/new", {"login": "Cara@muster.example", "role": "admin"})
    assert page.status == 200
    assert "Shown this once." in page.text
    password = secret(page)
    assert password not in admin.get("/users").text + admin.get("/users/cara@muster.example").text
    signed = world.browser().sign_in("cara@muster.example", password)
    assert (signed.status, signed.location) == (303, "/")
    with world.database.read() as session:
        entry = session.scalars(select(AuditRow).where(AuditRow.key == "cara@muster.example")).one()
        assert entry.actor == "web:chefin"
        assert accounts.find(session, "cara@muster.example").signed_in_at == NOW


def test_an_employee_needs_to_be_one(world: World):
    page = world.browser("admin").send("/users/new", {"login": "neu", "role": "employee"})
    assert page.status == 422
    assert page.texts("error") == ["Say which employee this is."]
    assert page.values()["login"] == "neu"


def test_a_rule_of_the_directory_is_told_and_nothing_is_lost(world: World):
    page = world.browser("admin").send("/users/new", {"login": "anna", "role": "admin"})
    assert page.status == 422
    assert "there is a user anna already" in page.text
    assert page.values()["login"] == "anna"


def test_a_role_is_changed_and_ends_the_sessions(world: World):
    anna = world.browser("employee")
    assert anna.get("/account").status == 200
    page = world.browser("admin").send("/users/anna", {"role": "admin"})
    assert (page.status, page.location) == (303, "/users")
    assert anna.get("/account").location.startswith("/sign-in")


def test_the_last_administrator_stays(world: World):
    admin = world.browser("admin")
    for page in (admin.send("/users/chefin/remove"), admin.send("/users/chefin", {"role": "employee"})):
        assert page.status == 422
    assert admin.get("/users/chefin").status == 200


def test_a_second_administrator_sees_that_the_record_changed(world: World):
    admin = world.browser("admin")
    page = admin.get("/users/anna")
    with world.database.write() as session:
        accounts.set_role(session, "anna", "admin", at=NOW)
    answer = admin.submit(page, {"role": "employee"}, path="/users/anna")
    assert answer.status == 422
    assert "changed meanwhile" in answer.text
    assert answer.texts("now") == ["Now: Administrator"]
    assert answer.values()["role"] == "employee"
    again = admin.submit(answer, path="/users/anna")
    assert again.status == 303
    with world.database.read() as session:
        assert accounts.find(session, "anna").role == "employee"


def test_a_new_password_ends_the_sessions_and_is_shown_once(world: World):
    ben = world.browser("other")
    page = world.browser("admin").send("/users/ben/password")
    assert world.browser().sign_in("ben", secret(page)).status == 303
    assert ben.get("/account").status == 303


def test_a_removed_user_is_out_at_once(world: World):
    ben = world.browser("other")
    page = world.browser("admin").send("/users/ben/remove")
    assert page.status == 303
    assert ben.get("/account").status == 303
    assert world.browser("admin").get("/users/ben").status == 404


def test_the_list_is_searched(world: World):
    admin = world.browser("admin")
    assert "Yılmaz" in admin.get("/users?q=yılmaz").text
    assert "Anna Schmidt" not in admin.get("/users?q=ben").text
    assert "No user is called so" in admin.get("/users?q=niemand").text


def test_names_are_shown_as_text(world: World):
    answer = world.browser("admin").get("/users?q=%22%3E%3Cscript%3E")
    assert "<script>" not in answer.text
    assert answer.tree.xpath("//input[@name='q']/@value") == ['"><script>']


def test_the_audit_log_calls_fields_as_the_forms_do(world: World):
    admin = world.browser("admin", language="de")
    assert admin.send("/employees/anna/mailbox", {"answer_after": "25"}).status == 303
    changes = [" ".join(one.text_content().split()) for one in admin.get("/audit").tree.xpath("//dl//dt")]
    assert "Mailbox · Nimmt an nach (Sekunden)" in changes
