"""An import makes the directory what the file says: all of it or nothing, again without change, swaps included."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from callrouter.directory import accounts, document
from callrouter.directory.accounts import UserRow
from callrouter.directory.audit import AuditRow
from callrouter.directory.database import Database
from callrouter.directory.exporting import export_company, to_yaml
from callrouter.directory.importing import import_company, read_company_file
from callrouter.directory.models import CompanyRow, NumberRow
from callrouter.directory.yaml_lines import parse
from callrouter.errors import ImportFileError
from tests.directory.conftest import MUSTER

Edit = Callable[[dict[str, Any]], Any]


def edited(*edits: Edit) -> str:
    data, _ = parse(MUSTER, "muster.yaml")
    data = copy.deepcopy(data)
    for edit in edits:
        edit(data)
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def exported(database: Database) -> document.CompanyFile:
    with database.read() as session:
        return export_company(session)


def version(database: Database) -> int | None:
    with database.read() as session:
        return session.scalar(select(CompanyRow.version))


def refused(database: Database, text: str, **options: Any) -> str:
    before = dump(database)
    with pytest.raises(ImportFileError) as caught:
        import_company(database, text, "x.yaml", **options)
    assert dump(database) == before
    return str(caught.value)


def dump(database: Database) -> list[Any]:
    tables = ("company", "trunks", "number_blocks", "numbers", "schedules", "owners", "employees", "pools")
    with database.read() as session:
        return [
            session.execute(text(f"SELECT * FROM {table}")).all()
            for table in (*tables, "pool_members", "devices", "mailboxes", "blocked_callers")
        ]


def test_the_example_company(database: Database):
    result = import_company(database, MUSTER, "muster.yaml")
    assert result.version == 1
    assert {noun: count.added for noun, count in result.counts.items()} == {
        "company": 1,
        "trunks": 1,
        "number_blocks": 1,
        "numbers": 4,
        "schedules": 2,
        "employees": 2,
        "devices": 3,
        "pools": 1,
        "blocked_callers": 2,
        "reject_anonymous": 0,
        "number_notifications": 0,
    }
    assert exported(database) == read_company_file(MUSTER, "muster.yaml")[0]
    with database.read() as session:
        states = session.execute(text("SELECT state, count(*) FROM numbers GROUP BY state ORDER BY state")).all()
    assert states == [("active", 4), ("inactive", 96)]


def test_importing_again_changes_nothing(muster: Database):
    before = dump(muster)
    result = import_company(muster, MUSTER, "muster.yaml")
    assert not result.changed
    assert result.version == 1
    assert dump(muster) == before


@pytest.mark.parametrize("secrets", [False, True])
def test_an_export_imports_as_itself(muster: Database, secrets: bool):
    before = dump(muster)
    assert not import_company(muster, to_yaml(exported(muster), secrets=secrets), "again.yaml").changed
    assert dump(muster) == before


def test_an_export_with_secrets_makes_the_same_company_elsewhere(muster: Database, migrated: Any, tmp_path: Any):
    (tmp_path / "other.db").write_bytes(migrated.read_bytes())
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    import_company(other, to_yaml(exported(muster), secrets=True), "copy.yaml")
    assert exported(other) == exported(muster)
    other.close()


def test_an_export_without_secrets_has_none(muster: Database):
    text = to_yaml(exported(muster))
    assert "4f1bX2" not in text
    assert "4711" not in text
    assert "4f1bX2-desk" in to_yaml(exported(muster), secrets=True)


def test_a_pin_goes_only_when_the_file_says_so(muster: Database):
    import_company(muster, edited(lambda d: d["employees"][0]["mailbox"].pop("pin")), "x.yaml")
    assert exported(muster).employees[0].mailbox.pin == "4711"
    import_company(muster, edited(lambda d: d["employees"][0]["mailbox"].update(pin=None)), "x.yaml")
    assert exported(muster).employees[0].mailbox.pin is None


def test_a_device_without_password_gets_one_and_keeps_it(database: Database):
    text = edited(lambda d: [device.pop("sip_password") for device in d["employees"][0]["devices"]])
    import_company(database, text, "x.yaml")
    passwords = [device.sip_password for device in exported(database).employees[0].devices]
    assert len(set(passwords)) == 2
    assert all(len(password or "") == 32 for password in passwords)
    assert not import_company(database, text, "x.yaml").changed
    assert [device.sip_password for device in exported(database).employees[0].devices] == passwords


def _swap(key: str) -> Edit:
    def swap(data: dict[str, Any]) -> None:
        anna, ben = data["employees"]
        anna[key], ben[key] = ben[key], anna[key]

    return swap


def _swap_sip_users(data: dict[str, Any]) -> None:
    first, second = data["employees"][0]["devices"][0], data["employees"][1]["devices"][0]
    first["sip_user"], second["sip_user"] = second["sip_user"], first["sip_user"]


def _swap_with_pool(data: dict[str, Any]) -> None:
    data["pools"][0]["extension"], data["employees"][0]["extension"] = "10", "20"
    data["pools"][0]["numbers"], data["employees"][0]["personal_number"] = ["+493023125010"], "+493023125000"


@pytest.mark.parametrize(
    "edit", [_swap("personal_number"), _swap("extension"), _swap("devices"), _swap_sip_users, _swap_with_pool]
)
def test_swaps_in_one_import(muster: Database, edit: Edit):
    text = edited(edit)
    result = import_company(muster, text, "x.yaml")
    assert result.version == 2
    assert not any(count.removed for count in result.counts.values())
    assert exported(muster) == read_company_file(text, "x.yaml")[0]


def test_what_would_go_needs_prune(muster: Database):
    def shrink(data: dict[str, Any]) -> None:
        del data["employees"][1], data["schedules"][1], data["numbers"][3], data["blocked_callers"][1]
        data["pools"][0]["members"] = ["anna"]
        data["numbers"].remove("+493023125011")
        data["trunks"] = []

    text = edited(shrink)
    told = refused(muster, text)
    for line in (
        "employee ben",
        "device ben-desk",
        "schedule nights",
        "number +493023125012",
        "number +493023125011",
        "trunk carrier",
        "blocked caller anonymous",
        "--prune",
    ):
        assert line in told
    result = import_company(muster, text, "x.yaml", prune=True)
    assert result.counts["employees"].removed == 1
    assert exported(muster) == read_company_file(text, "x.yaml")[0]


def test_who_goes_can_no_longer_sign_in(muster: Database):
    at = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    with muster.write() as session:
        accounts.add(session, "ben", "correct horse", role="admin", at=at, employee="ben")

    def without_ben(data: dict[str, Any]) -> None:
        del data["employees"][1], data["pools"][0]["members"][1]

    assert "x.yaml:1: ben is the last administrator" in refused(muster, edited(without_ben), prune=True)
    with muster.write() as session:
        accounts.add(session, "boss", "correct horse", role="admin", at=at)
    import_company(muster, edited(without_ben), "x.yaml", prune=True, actor="cli:root")
    with muster.read() as session:
        assert list(session.scalars(select(UserRow.login))) == ["boss"]
        entry = session.scalars(select(AuditRow).where(AuditRow.noun == "user").order_by(AuditRow.id.desc())).first()
        assert entry is not None
        assert (entry.key, entry.action, entry.actor) == ("ben", "remove", "cli:root")


def test_a_block_cut_in_two_keeps_the_owners(muster: Database):
    def cut(data: dict[str, Any]) -> None:
        data["number_blocks"] = [
            {"prefix": "+4930231250", "first": "00", "last": "49"},
            {"prefix": "+49302312505", "first": "0", "last": "8"},
        ]

    import_company(muster, edited(cut), "x.yaml", prune=True)
    assert exported(muster).employees == read_company_file(MUSTER, "m")[0].employees
    with muster.read() as session:
        assert session.scalar(text("SELECT count(*) FROM numbers")) == 59
        assert session.scalar(select(NumberRow.id).where(NumberRow.e164 == "+493023125059")) is None


def test_a_block_that_goes_may_leave_employees_without_number(muster: Database):
    def drop_block(data: dict[str, Any]) -> None:
        data["number_blocks"], data["numbers"] = [], ["+493023125000"]
        for employee in data["employees"]:
            del employee["personal_number"]

    import_company(muster, edited(drop_block), "x.yaml", prune=True)
    assert [employee.personal_number for employee in exported(muster).employees] == [None, None]
    assert exported(muster).pools[0].numbers == ["+493023125000"]
    text = to_yaml(exported(muster))
    assert not import_company(muster, text, "again.yaml").changed


def test_a_ported_single_number_lies_in_no_block(muster: Database):
    import_company(muster, edited(lambda d: d["numbers"].append("+4917604069000")), "x.yaml")
    assert "+4917604069000" in exported(muster).numbers
    import_company(muster, MUSTER, "x.yaml", prune=True)
    with muster.read() as session:
        assert session.scalar(select(NumberRow.id).where(NumberRow.e164 == "+4917604069000")) is None


def test_a_dry_run_keeps_nothing(muster: Database):
    before = dump(muster)
    text = edited(_swap("extension"))
    assert import_company(muster, text, "x.yaml", dry_run=True).counts["employees"].changed == 2
    assert dump(muster) == before
    assert import_company(muster, text, "x.yaml").version == 2


def test_nothing_is_kept_when_writing_breaks_half_way(muster: Database, monkeypatch: pytest.MonkeyPatch):
    before = dump(muster)

    def burst(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("callrouter.directory.store._write_members", burst)
    text = edited(_swap("personal_number"), lambda d: d["company"].update(name="Anders GmbH"))
    with pytest.raises(OSError, match="disk full"):
        import_company(muster, text, "x.yaml")
    assert dump(muster) == before


def test_all_mistakes_of_spelling_are_told_at_once_with_their_lines(database: Database):
    text = MUSTER.replace("enabled: true\n", "enalbed: true\n").replace("kind: softclient", "kind: softphone")
    text = text.replace('"+493023125011"\n  ', '"030 23125011"\n  ').replace("9c7aQ1-desk", "short")
    text = text.replace("  sip_domain: pbx.muster.example\n", "")
    told = refused(database, text).splitlines()
    lines = text.splitlines()
    for line in told:
        number = int(line.split(":")[1])
        assert line.startswith(f"x.yaml:{number}: ")
    found = [(lines[int(line.split(":")[1]) - 1].strip(), line.split(": ", 1)[1]) for line in told]
    assert ("company:", "sip_domain is missing; add it") in found
    assert ("enalbed: true", "unknown key enalbed; is it enabled?") in found
    assert any("softphone" in where and "'desk', 'softclient' or 'other'" in said for where, said in found)
    assert any("030 23125011" in where and "E.164" in said for where, said in found)
    secret = [said for where, said in found if "short" in where]
    assert secret == ["sip_password: this value is not 8 to 128 letters, digits and . _ ~ + = ! -"]


def test_all_broken_rules_are_told_at_once_with_their_lines(database: Database):
    text = MUSTER.replace("members: [anna, ben]", "members: [anna, bert]").replace(
        "notify: {about: missed, email: ben@muster.example}", "notify: {about: missed}"
    )
    text = text.replace('extension: "11"', 'extension: "112"')
    told = refused(database, text).splitlines()
    assert [line.split(": ", 1)[1] for line in told] == [
        "employee ben: extension 112 is an emergency number; give another",
        "employee ben: notify about missed needs an email",
        "pool sales: there is no employee bert; add the employee, or remove the member",
    ]
    assert 'extension: "112"' in text.splitlines()[int(told[0].split(":")[1]) - 1]


def test_progress_is_told(database: Database):
    seen: list[tuple[str, int, int]] = []
    import_company(database, MUSTER, "x.yaml", progress=lambda *step: seen.append(step))
    assert ("numbers", 4, 4) in seen
    assert seen[-1] == ("employees", 2, 2)


_NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=20)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=_NAMES,
    extension=st.from_regex(r"\A[2-9][0-9]{2,5}\Z"),
    about=st.sampled_from(["all", "missed", "voicemail"]),
    pin=st.from_regex(r"\A[0-9]{4,10}\Z"),
    answer_after=st.integers(0, 300),
    reason=_NAMES,
)
def test_whatever_is_imported_is_exported(
    muster: Database, name: str, extension: str, about: str, pin: str, answer_after: int, reason: str
):
    file = read_company_file(MUSTER, "m")[0]
    anna = file.employees[0]
    anna.name, anna.extension, anna.notify.about = name, extension, about  # type: ignore[assignment]
    anna.mailbox = document.Mailbox(enabled=True, pin=pin, answer_after=answer_after)
    file.schedules[0].closed[1].reason = reason
    wanted = document.CompanyFile.model_validate(file.model_dump(by_alias=True))
    import_company(muster, to_yaml(wanted, secrets=True), "x.yaml")
    assert exported(muster) == wanted


def test_numbers_that_take_no_anonymous_calls(muster: Database):
    told = MUSTER + 'reject_anonymous: ["+493023125010"]\n'
    assert import_company(muster, told, "x.yaml").counts["reject_anonymous"].added == 1
    assert exported(muster).reject_anonymous == ["+493023125010"]
    assert not import_company(muster, told, "x.yaml").changed
    assert "anonymous rejection +493023125010" in refused(muster, MUSTER)
    assert import_company(muster, MUSTER, "x.yaml", prune=True).counts["reject_anonymous"].removed == 1
    inactive = told.replace('125010"]', '125044"]')
    assert "+493023125044 is none of the active numbers" in refused(muster, inactive)


@pytest.mark.parametrize(("rule", "fine"), [("+4917604*", True), ("+493*", True), ("+49*", False), ("4917604*", False)])
def test_beginnings_of_numbers_to_be_blocked(muster: Database, rule: str, fine: bool):
    text = MUSTER.replace("+4917604069012", rule)
    if fine:
        assert import_company(muster, text, "x.yaml", prune=True).counts["blocked_callers"].added == 1
    else:
        assert "blocked_callers" in refused(muster, text)


def test_what_numbers_say_of_mails(muster: Database):
    wishes = "{about: missed, email: team@muster.example, salutation: 'Liebes Team,'}"
    told = MUSTER + f"number_notifications:\n  +493023125000: {wishes}\n"
    assert import_company(muster, told, "x.yaml").counts["number_notifications"].added == 1
    found = exported(muster).number_notifications["+493023125000"]
    assert (found.about, found.email, found.language, found.salutation) == (
        "missed", "team@muster.example", None, "Liebes Team,",
    )  # fmt: skip
    assert not import_company(muster, told, "x.yaml").changed
    assert not import_company(muster, to_yaml(exported(muster), secrets=True), "x.yaml").changed
    changed = told.replace("ring_seconds: 30", "ring_seconds: 31").replace("Liebes Team,", "Hallo,")
    assert import_company(muster, changed, "x.yaml").counts["number_notifications"].changed == 1
    assert exported(muster).number_notifications["+493023125000"].salutation == "Hallo,"
    assert "notifications of number +493023125000" in refused(muster, MUSTER)
    assert import_company(muster, MUSTER, "x.yaml", prune=True).counts["number_notifications"].removed == 1
    assert exported(muster).number_notifications == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("+493023125044: {about: none}", "+493023125044 belongs to nobody"),
        ('+493023125000: {salutation: "a\\nb"}', "salutation"),
        ("+493023125000: {sound: loud}", "unknown key sound"),
        ("030: {about: none}", "number as E.164"),
    ],
)
def test_what_numbers_cannot_say_of_mails(muster: Database, line: str, problem: str):
    assert problem in refused(muster, MUSTER + f"number_notifications:\n  {line}\n")


def test_mails_about_a_number_have_somewhere_to_go(muster: Database):
    told = MUSTER.replace("notify: {about: all, email: vertrieb@muster.example, handled_mail: true}", "notify: {}")
    assert told != MUSTER
    told += "number_notifications:\n  +493023125000: {about: all}\n"
    assert "notify about all needs an email, at the number or at its owner" in refused(muster, told)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("alert: alert-autoanswer", "phones may answer by themselves"),
        ("alert: x, internal_alert: Intercom", "phones may answer by themselves"),
        ("internal_alert: x", "internal_alert differs from alert"),
        ("alert: 'a;info=b'", "the name of a ring"),
        ('alert: "a\\r\\nX: y"', "the name of a ring"),
        ("short_name: 123456789012345678901", "a name of 1 to 20 characters"),
    ],
)
def test_rings_and_names_of_pools(muster: Database, fields: str, problem: str):
    pool = "pools:\n  - {id: fresh, name: Neu, " + fields + "}\n"
    assert problem in refused(muster, MUSTER.replace("pools:\n", pool))
