"""The page of API tokens: one is shown once, lists say what it may do, revoked it is refused."""

from __future__ import annotations

from sqlalchemy import select

from callrouter.directory.audit import AuditRow
from callrouter.directory.tokens import TokenRow
from tests.web.world import World


def make(world: World, **fields: str | None) -> str:
    """Make a token on the page; its text."""
    page = world.browser("admin").send("/tokens/new", {"name": "Abgleich", **fields})
    assert page.status == 200, page.texts("error")
    assert "Shown this once." in page.text
    return page.tree.xpath("string(//dl//code)")


def employees(world: World, token: str) -> int:
    client = world.application.test_client()
    return client.get("/api/v1/employees", headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_and_works(world: World):
    token = make(world)
    assert token.startswith("crt_")
    page = world.browser("admin").get("/tokens")
    assert "Abgleich" in page.text
    assert page.texts("badge") == ["Read"]
    assert token not in page.text
    assert employees(world, token) == 200
    assert "never" not in world.browser("admin").get("/tokens").tree.xpath("string(//td[@data-label='Last used'])")
    with world.database.read() as session:
        entry = session.scalars(select(AuditRow).where(AuditRow.noun == "token")).one()
        assert entry.actor == "web:chefin"
        assert token not in str(entry.changes)


def test_scopes_and_end_are_as_chosen(world: World):
    make(world, write="y", messages="y", read=None, ends="")
    with world.database.read() as session:
        row = session.scalars(select(TokenRow)).one()
        assert (row.scopes, row.expires_at, row.created_by) == (["write", "messages"], None, "web:chefin")


def test_messages_are_never_ticked_beforehand(world: World):
    page = world.browser("admin").get("/tokens/new")
    assert page.tree.xpath("//input[@type='checkbox' and @checked]/@name") == ["read"]


def test_a_token_without_scope_is_refused_beside_the_field(world: World):
    page = world.browser("admin", "de").send("/tokens/new", {"name": "x", "read": None})
    assert page.status == 422
    assert "Ein Zugang, der nichts darf" in " ".join(page.texts("error"))


def test_two_tokens_have_two_names(world: World):
    make(world)
    page = world.browser("admin").send("/tokens/new", {"name": "Abgleich"})
    assert page.status == 422
    assert "there is a token 'Abgleich' already" in page.texts("error")[0]


def test_a_revoked_token_is_refused_at_once(world: World):
    token = make(world)
    with world.database.read() as session:
        number = session.scalars(select(TokenRow.id)).one()
    page = world.browser("admin").send(f"/tokens/{number}/revoke")
    assert (page.status, page.location) == (303, "/tokens")
    assert employees(world, token) == 401
    assert "No program has access" in world.browser("admin").get("/tokens").text
