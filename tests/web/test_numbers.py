"""Numbers: what each does, who uses it, and what is done with it; blocks, and who would lose a number with one."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from callrouter.directory import document, employees, number_use, numbers, owners, services
from callrouter.directory.explaining import WeekSpan
from callrouter.web import week
from tests.web.world import Page, World

ANNA, BEN, FREE, UNUSED, POOL = (f"/numbers/+4930231250{n}" for n in ("10", "11", "12", "13", "00"))


def said(page: Page, css_class: str) -> str:
    return " | ".join(page.texts(css_class))


def owner_form(page: Page) -> dict[str, str]:
    """What the first owner's button of the page sends."""
    return dict(page.tree.xpath("//table//form")[0].form_values())


def use(world: World, path: str) -> number_use.NumberUse | None:
    with world.database.read() as session:
        return number_use.number_use(session, path.rpartition("/")[2])


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Klingelt 20 s bei Anna Schmidt, danach nimmt die Mailbox an."),
        ("en", "Rings at Anna Schmidt for 20 s, then the mailbox answers."),
    ],
)
def test_the_list_says_what_each_number_does_now(world: World, language: str, sentence: str):
    page = world.browser("admin", language).get("/numbers?show=personal")
    assert page.texts("effect")[0] == sentence
    assert len(page.texts("effect")) == 2


@pytest.mark.parametrize("typed", ["030 23125 010", "%2B49 30/23125-010", "anna", "125010"])
def test_a_number_is_found_in_any_spelling_and_by_its_owner(world: World, typed: str):
    page = world.browser("admin").get(f"/numbers?q={typed}")
    assert page.texts("tel") == ["+49 30 23125010"]


@pytest.mark.parametrize(
    ("show", "amount"),
    [("", 50), ("active", 4), ("free", 1), ("personal", 2), ("pool", 1), ("inactive", 50), ("x", 50)],
)
def test_the_list_is_narrowed_down(world: World, show: str, amount: int):
    assert len(world.browser("admin").get(f"/numbers?show={show}").texts("tel")) == amount


def test_a_number_is_activated_from_the_list(world: World):
    admin = world.browser("admin")
    page = admin.get("/numbers?q=23125013")
    answer = admin.submit(page, path="/numbers", action=f"{UNUSED}/activate")
    assert (answer.status, answer.location) == (303, "/numbers?q=23125013")
    assert "+49 30 23125013 is active." in admin.get(answer.location).texts("notice")
    assert use(world, UNUSED).state == "active"
    assert world.parts.apply.state.pending


def test_nobody_is_sent_to_another_site_after_activating(world: World):
    admin = world.browser("admin")
    page = admin.get("/numbers?q=23125013")
    answer = admin.submit(page, {"next": "//evil.example"}, path="/numbers", action=f"{UNUSED}/activate")
    assert answer.location == "/"


def test_a_number_in_use_is_not_deactivated_but_its_user_told(world: World):
    admin = world.browser("admin", "de")
    page = admin.get(f"{ANNA}/deactivate")
    assert "Sie lässt sich nicht deaktivieren, solange jemand sie benutzt." in page.texts("notice")
    assert "die persönliche Rufnummer von Anna Schmidt" in page.text
    assert page.tree.xpath("//main//form") == []
    page = admin.get(f"{POOL}/deactivate")
    assert f"{POOL}/free" in page.tree.xpath("//main//a/@href")
    assert "Anna Schmidt" in page.text  # shows it on outgoing calls
    sent = admin.submit(admin.get(f"{FREE}/deactivate"), path=f"{FREE}/deactivate", action=None)
    assert (sent.status, use(world, FREE).state) == (303, "inactive")


def test_a_number_given_away_meanwhile_stays_active(world: World):
    admin = world.browser("admin")
    page = admin.get(f"{FREE}/deactivate")
    with world.database.write() as session:
        numbers.assign(session, "+493023125012", "pool:sales")
    answer = admin.submit(page, path=f"{FREE}/deactivate")
    assert (answer.status, use(world, FREE).state) == (422, "active")
    assert "the pool Vertrieb" in answer.text


def test_a_free_number_is_given_to_who_has_none(world: World):
    with world.database.write() as session:
        employees.create(session, name="Cara Öz", key="cara")
    admin = world.browser("admin")
    page = admin.get(f"{FREE}/assign?q=cara")
    assert page.tree.xpath("//tbody/tr/td[1]//text()")[0].strip() == "Cara Öz"
    assert "Ben Yılmaz" not in admin.get(f"{FREE}/assign").text
    answer = admin.post(f"{FREE}/assign", owner_form(page))
    assert (answer.status, answer.location) == (303, FREE)
    assert use(world, FREE).owner == "employee:cara"
    assert admin.get(f"{FREE}/assign").location == FREE


def test_an_owner_that_is_none_is_told(world: World):
    admin = world.browser("admin")
    page = admin.get(f"{FREE}/assign")
    answer = admin.post(f"{FREE}/assign", {**owner_form(page), "owner": "employee:nobody"})
    assert answer.status == 422
    assert "there is no employee nobody" in answer.text


def test_who_has_phones_keeps_the_number(world: World):
    admin = world.browser("admin")
    page = admin.get(f"{ANNA}/free")
    assert "An employee with phones cannot be without a personal number." in page.texts("notice")
    token = admin.get(f"{FREE}/deactivate").values()
    assert admin.post(f"{ANNA}/free", token).status == 422
    assert use(world, ANNA).owner == "employee:anna"


def test_a_pools_number_is_freed(world: World):
    admin = world.browser("admin")
    answer = admin.send(f"{POOL}/free")
    assert (answer.status, use(world, POOL).owner) == (303, None)
    assert admin.get(f"{POOL}/free").location == POOL


def test_who_loses_a_number_is_told_before_it_is_ported_away(world: World):
    admin = world.browser("admin")
    page = admin.get(f"{POOL}/port-away")
    lost, shown = page.texts("warn")
    assert "Vertrieb (pool)" in lost
    assert "Anna Schmidt" in shown
    answer = admin.submit(page, path=f"{POOL}/port-away")
    assert (answer.status, use(world, POOL)) == (303, None)
    assert admin.get(POOL).status == 404


def test_a_single_number_is_added_in_any_spelling(world: World):
    admin = world.browser("admin")
    page = admin.send("/numbers/new", {"number": "Anna"})
    assert page.status == 422
    assert len(page.texts("error")) == 1
    assert page.values()["number"] == "Anna"
    answer = admin.send("/numbers/new", {"number": "030 23125-555"})
    assert answer.location == "/numbers/+493023125555"
    page = admin.get(answer.location)
    assert "a single number" in page.text
    assert "removed altogether" in admin.get(f"{answer.location}/deactivate").text


def test_a_block_is_added_and_counted_while_it_is_typed(world: World):
    admin = world.browser("admin")
    typed = admin.get("/numbers/blocks/new?prefix=030+23125&first=500&last=549")
    assert "+49 30 23125500 to +49 30 23125549: 50 numbers" in typed.text
    page = admin.send("/numbers/blocks/new", {"prefix": "030 23125", "first": "000", "last": "049"})
    assert page.status == 422
    assert "overlaps" in page.text
    page = admin.send("/numbers/blocks/new", {"prefix": "030 23125", "first": "5x", "last": "549"})
    assert page.texts("error") == ["Enter digits only, for example 00 or 99."]
    answer = admin.send("/numbers/blocks/new", {"prefix": "030 23125", "first": "500", "last": "549"})
    assert answer.location == "/numbers/blocks"
    assert "50 numbers" in said(admin.get("/numbers/blocks"), "notice")
    assert admin.get("/numbers/blocks").tree.xpath("//tbody/tr/td[2]/text()") == ["50", "100"]


def test_who_loses_a_number_is_told_before_a_block_is_removed(world: World):
    admin = world.browser("admin")
    path = "/numbers/blocks/+4930231250/00/99/remove"
    page = admin.get(path)
    assert all(name in said(page, "warn") for name in ("Anna Schmidt", "Ben Yılmaz", "Vertrieb"))
    assert admin.submit(page, path=path).status == 303
    assert use(world, ANNA) is None
    assert admin.get(path).status == 404
    with world.database.read() as session:
        assert numbers.employees_without_number(session) == ["anna", "ben"]
    assert "There are no numbers yet" in admin.get("/numbers").text


def test_a_week_is_drawn_and_told(world: World):
    page = world.browser("admin").get(f"{ANNA}?week=2026-12-24")
    drawn = page.tree.xpath("//svg//rect[contains(@class, 'rings')]")
    assert len(page.tree.xpath("//svg")) == 7
    assert [(one.get("x"), one.get("width")) for one in drawn[:3]] == [("0", "480"), ("480", "570"), ("1050", "390")]
    rows = [" ".join(row.text_content().split()) for row in page.tree.xpath("//section[@id='week']//tbody/tr")]
    assert rows[1].startswith("Mon, 21 Dec 2026 08:00–17:30 Rings at Anna Schmidt for 30 s, then the call ends.")
    assert [row[:3] for row in rows].count("Thu") == 1  # 24 December: closed all day
    assert page.tree.xpath("//section[@id='week']//nav/a/@href")[0] == f"{ANNA}?week=2026-12-14#week"
    assert " style=" not in page.text


def test_what_happens_at_another_time_and_why(world: World):
    admin = world.browser("admin")
    page = admin.get(f"{ANNA}?date=2026-12-24&time=10:00&caller=0176+04069001")
    assert page.texts("effects-steps") == [
        "1. Ring at once, for 20 s: anna-desk (Anna Schmidt), anna-soft (Anna Schmidt)."
        "2. The mailbox of Anna Schmidt takes a message (greeting in German)."
    ]
    assert "The caller is +4917604069001." in said(page, "effects-why")
    assert "closed all day on 24 December 2026" in said(page, "effects-why")
    blocked = admin.get(f"{ANNA}?date=2026-12-24&time=10:00&caller=anonymous")
    assert blocked.texts("effects-steps") == ["1. Refused (603): blocked caller."]
    anybody = admin.get(f"{ANNA}?date=2026-12-24&time=10:00&caller=")
    assert anybody.texts("effects-steps") == page.texts("effects-steps")


@pytest.mark.parametrize(
    "asked", ["date=2026-13-01&time=10:00", "date=&time=", "date=2026-12-01&time=10:00&caller=Anna"]
)
def test_a_moment_that_is_none(world: World, asked: str):
    page = world.browser("admin").get(f"{ANNA}?{asked}")
    assert page.status == 422
    assert page.texts("error") != []
    assert page.texts("effects-steps") == []


@pytest.mark.parametrize("text", ["", "nonsense", "9999-12-31", "0001-01-01", "2026-11-21"])
def test_any_week_that_is_asked_for_is_one(world: World, text: str):
    assert world.browser("admin").get(f"{ANNA}?week={text}").status == 200


@pytest.mark.parametrize("path", ["/numbers/+4930231259", "/numbers/anna", "/numbers/%2B49%2030/deactivate"])
def test_other_numbers_are_not_found(world: World, path: str):
    assert world.browser("admin").get(path).status == 404


def test_names_are_shown_as_text(world: World):
    with world.database.write() as session:
        pool, _ = services.pool(session, "sales")
        services.save_pool(session, pool.model_copy(update={"name": "<script>x</script>"}))
    admin = world.browser("admin")
    for path in ("/numbers", POOL, f"{POOL}/deactivate", f"{POOL}/port-away", f"{FREE}/assign"):
        assert "<script>x" not in admin.get(path).text


def test_the_hour_that_comes_twice_is_drawn_once():
    """On a Sunday of 25 hours, what is from the first 2:30 to the second 2:15 has no place on the wall's clock."""
    zone = ZoneInfo("Europe/Berlin")
    first = dt.datetime(2026, 10, 25, tzinfo=zone)
    edges = [
        first,
        dt.datetime(2026, 10, 25, 2, 30, tzinfo=zone),
        dt.datetime(2026, 10, 25, 2, 15, fold=1, tzinfo=zone),
        dt.datetime(2026, 10, 26, tzinfo=zone),
    ]
    spans = [WeekSpan(a, b, kind, kind, (), ()) for a, b, kind in zip(edges, edges[1:], "xyz", strict=False)]
    bars = week.days(spans, dt.date(2026, 10, 25))[0].bars
    assert [(bar.start, bar.end, bar.kind) for bar in bars] == [(0, 150, "x"), (150, 1440, "z")]


def test_a_number_turns_callers_without_one_away_and_takes_them_again(world: World):
    admin = world.browser("admin")
    admin.send("/blocked/anonymous/remove")
    answer = admin.submit(admin.get(ANNA), path=ANNA, action=f"{ANNA}/anonymous")
    assert (answer.status, answer.location) == (303, ANNA)
    assert use(world, ANNA).reject_anonymous  # type: ignore[union-attr]
    page = admin.get(f"{ANNA}?date=2026-12-24&time=10:00&caller=anonymous")
    assert page.texts("effects-steps") == ["1. Refused with an announcement (433): caller without a number."]
    assert "are turned away with an announcement" in page.text
    assert "Rings at Anna Schmidt" in said(page, "effect")
    admin.submit(page, path=ANNA, action=f"{ANNA}/anonymous")
    assert not use(world, ANNA).reject_anonymous  # type: ignore[union-attr]


def test_a_number_that_is_deactivated_forgets_whom_it_turned_away(world: World):
    with world.database.write() as session:
        numbers.reject_anonymous(session, FREE.rpartition("/")[2], reject=True)
        numbers.deactivate(session, FREE.rpartition("/")[2])
        numbers.activate(session, FREE.rpartition("/")[2])
    assert not use(world, FREE).reject_anonymous  # type: ignore[union-attr]


SALES = "/numbers/+493023125000"


def test_a_number_has_notifications_of_its_own(world: World):
    admin = world.browser("admin", language="de")
    assert "wie beim Inhaber" in admin.get(SALES).text
    path = f"{SALES}/notifications"
    values = {"about": "missed", "email": " team@muster.example ", "language": "", "salutation": "Liebes Team,"}
    page = admin.send(path, values)
    assert (page.status, page.location) == (303, SALES)
    assert use(world, SALES).notify == document.NumberNotify(  # type: ignore[union-attr]
        about="missed", email="team@muster.example", salutation="Liebes Team,"
    )
    assert "team@muster.example" in admin.get(SALES).text
    assert admin.get(path).values()["salutation"] == "Liebes Team,"
    assert admin.send(path, dict.fromkeys(values, "")).status == 303
    assert use(world, SALES).notify == document.NumberNotify()  # type: ignore[union-attr]


def test_what_a_number_cannot_mail_stands_beside_its_field(world: World):
    admin = world.browser("admin")
    page = admin.send(f"{SALES}/notifications", {"email": "team", "salutation": "x" * 121})
    assert page.status == 422
    page = admin.send(f"{SALES}/notifications", {"email": "team"})
    [error] = page.tree.xpath("//*[@name='email']/ancestor::div[contains(@class, 'field')]//p[@class='error']")
    assert "one mail address" in error.text_content()
    old = admin.get(f"{SALES}/notifications")
    with world.database.write() as session:
        owners.set_notify(session, "pool:sales", language="en")
    page = admin.submit(old, {"language": "en"}, path=f"{SALES}/notifications")
    assert page.status == 422
    assert "changed meanwhile" in page.text
    assert use(world, SALES).notify == document.NumberNotify()  # type: ignore[union-attr]


def test_a_free_number_has_no_notifications_and_employees_none_to_change(world: World):
    assert world.browser("admin").get(f"{FREE}/notifications").location == FREE
    assert "notifications" not in world.browser("admin").get(FREE).tree.xpath("string(//main//dl//a/@href)")
    assert world.browser("employee").get(f"{SALES}/notifications").status == 403
