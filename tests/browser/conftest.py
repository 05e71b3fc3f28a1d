"""A real Chromium before the pages, served over HTTP on a free port."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from werkzeug.serving import make_server

from callrouter.web import following
from tests.web.conftest import company_file, database, migrated, world  # noqa: F401
from tests.web.world import World

#: No step of a page takes longer (milliseconds).
_LONGEST = 15_000
#: Errors that are none: a form came back with 422, a page was refused, a search gave way to the next one.
_HARMLESS = ("responded with a status of 4", "htmx:sendAbort", "htmx:afterRequest")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, once for all tests. What closed pages have followed ends soon, and before the tests do."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setattr(following, "_HEARTBEAT", 2.0)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()
        patch.setattr(following, "_LONGEST", 0.0)
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(_LONGEST / 1000)


def _is_complaint(said: ConsoleMessage) -> bool:
    return said.type == "error" and not any(text in said.text for text in _HARMLESS)


@dataclass
class Desk:
    """Somebody before the pages; ``complaints`` is what the browser said about scripts and the security policy."""

    chromium: Browser
    url: str
    world: World
    complaints: list[str]

    def open(
        self,
        role: str | None = None,
        *,
        language: str = "de-DE",
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        scripts: bool = True,
    ) -> Page:
        """The start page in a browser of its own, in which *role* is signed in; on a phone's screen with 390 × 844."""
        scheme = "dark" if dark else "light"
        context = self.chromium.new_context(
            base_url=self.url,
            locale=language,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(_LONGEST)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if _is_complaint(said) else None)
        if role is not None:
            cookie = self.world.browser(role).client.get_cookie("callrouter")
            assert cookie is not None
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": self.url}])
            page.goto("/")
        return page


@pytest.fixture
def desk(chromium: Browser, world: World) -> Iterator[Desk]:  # noqa: F811
    """The pages on a free port; a test fails when the browser complained about one."""
    server = make_server("127.0.0.1", 0, world.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    complaints: list[str] = []
    yield Desk(chromium, f"http://127.0.0.1:{server.server_port}", world, complaints)
    for context in chromium.contexts:
        context.close()
    server.shutdown()
    thread.join(10)
    server.server_close()
    assert complaints == []
