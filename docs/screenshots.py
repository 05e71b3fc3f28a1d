"""Takes the pictures of the pages in docs/screenshots/: ``make screenshots`` (needs Chromium).

The example company on a Saturday afternoon, with calls of the last days, two of them going on.
"""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sys
import tempfile
import threading
import uuid
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from callrouter.cases import changes
from callrouter.cases.rules import Change
from callrouter.directory.database import Database
from callrouter.directory.importing import import_company
from callrouter.directory.models import OwnerRow
from callrouter.directory.records import CaseRow
from callrouter.web.live import Channel, Gateway, Live, Registration
from tests.web.ended_calls import put_call, tone
from tests.web.world import LOGINS, NOW, PASSWORD, World, add_users, make_world

FOLDER = Path(__file__).with_name("screenshots")
MUSTER = Path(__file__).resolve().parent.parent / "callrouter" / "simulator" / "muster.yaml"
#: Name of the picture → address, and who looks.
PAGES = {
    "start": ("/", "admin"),
    "employees": ("/employees", "admin"),
    "number": ("/employees/anna/numbers", "admin"),
    "devices": ("/employees/anna/devices", "admin"),
    "mailbox": ("/employees/anna/mailbox", "admin"),
    "week": ("/numbers/+493023125010", "admin"),
    "pool": ("/pools/sales", "admin"),
    "calls": ("/calls", "admin"),
    "messages": ("/messages", "employee"),
    "inbox": ("/inbox", "employee"),
    "case": ("/inbox/{case}", "employee"),
}
#: Suffix → width, height, dark.
LOOKS = {
    "desktop": (1280, 800, False),
    "desktop-dark": (1280, 800, True),
    "phone": (390, 844, False),
    "phone-dark": (390, 844, True),
}


def _calls(world: World) -> None:
    source = random.Random(7)
    owners = {"employee:anna": "+493023125010", "employee:ben": "+493023125011", "pool:sales": "+493023125000"}
    devices = {"employee:anna": "anna-desk", "employee:ben": "ben-desk", "pool:sales": "anna-soft"}
    for number in range(24):
        owner = source.choice(list(owners))
        outcome = source.choice(["answered", "answered", "missed", "voicemail"])
        put_call(
            world,
            str(uuid.UUID(int=source.getrandbits(128), version=4)),
            owner,
            number=owners[owner],
            dialed=owners[owner],
            caller=f"+4917604069{source.randrange(100):03}",
            started_at=NOW - dt.timedelta(minutes=7 + 53 * number),
            detail="" if outcome != "missed" else "no_answer",
            device=devices[owner] if outcome == "answered" else None,
            **({"message": tone(4.0)} if outcome == "voicemail" else {"outcome": outcome}),
        )


def _case(world: World) -> int:
    """Ben is on the case of somebody who called the team; the case's id."""
    with world.database.write() as session:
        number = session.scalars(
            select(CaseRow.id).join(OwnerRow, OwnerRow.id == CaseRow.owner_id).where(OwnerRow.key == "sales")
        ).first()
        if number is None:
            sys.exit("nobody left a message for the team")
        changes.change(session, number, Change.CLAIM, "ben", at=NOW - dt.timedelta(minutes=12))
        changes.change(
            session, number, Change.NOTE, "ben", at=NOW, note="Angebot liegt bereit, um 16 Uhr wieder versuchen."
        )
    return number


def _live() -> Live:
    def leg(key: str, direction: str, caller: str, called: str, state: str) -> Channel:
        since = NOW - dt.timedelta(seconds=41)
        return Channel(f"{key}-{called}", key, direction, since, caller, "", called, state)

    phones = {user: Registration(user, "192.0.2.20:5060", None) for user in ("anna-desk", "anna-soft", "ben-desk")}
    channels = (
        leg("a", "inbound", "+4917604069012", "+493023125010", "ACTIVE"),
        leg("a", "outbound", "+4917604069012", "anna-desk", "ACTIVE"),
        leg("b", "inbound", "+4917604069047", "+493023125000", "RINGING"),
    )
    return Live(
        registrations=phones, gateways={"trunk-carrier": Gateway("trunk-carrier", True, "NOREG")}, channels=channels
    )


def _take(browser: Browser, url: str, look: str, case: int) -> None:
    width, height, dark = LOOKS[look]
    for role in sorted({role for _, role in PAGES.values()}):
        context = browser.new_context(
            base_url=url,
            locale="de-DE",
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
        )
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("#login", LOGINS[role])
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(lambda address: "/sign-in" not in address)
        for name, (path, who) in PAGES.items():
            if who == role:
                answer = page.goto(path.format(case=case))
                if answer is None or answer.status != 200:
                    sys.exit(f"{path} cannot be shown: {answer and answer.status}")
                page.screenshot(path=FOLDER / f"{name}-{look}.png")
        context.close()


def main() -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium; on Debian: apt-get install chromium")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        database = Database(f"sqlite:///{folder}/callrouter.db")
        database.migrate()
        import_company(database, MUSTER.read_text("utf-8"), MUSTER.name)
        add_users(database)
        world = make_world(database, Path(folder))
        _calls(world)
        case = _case(world)
        world.switch.now = _live()
        server = make_server("127.0.0.1", 0, world.application, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for look in LOOKS:
            _take(browser, f"http://127.0.0.1:{server.server_port}", look, case)
        browser.close()
        server.shutdown()
        database.close()


if __name__ == "__main__":
    main()
