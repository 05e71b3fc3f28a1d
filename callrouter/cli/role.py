"""One role as a process of its own: what ``callrouter serve`` starts. The web role is patched for gevent throughout.

The router and the worker are not: their sockets are gevent's own, and the database runs in native threads.
"""

import sys

if "web" in sys.argv[1:2]:
    from gevent import monkey

    monkey.patch_all()

import argparse
from collections.abc import Callable
from pathlib import Path

from callrouter import log, settings
from callrouter.errors import CallrouterError
from callrouter.settings import Settings


def _run(role: str) -> Callable[[Settings, int | None], int]:
    if role == "web":
        from callrouter.web_app import run_web

        return run_web
    from callrouter.app import run_router, run_worker

    return run_router if role == "router" else run_worker


def main() -> int:
    """Run the role named on the command line; returns its exit code (2: a setting or file is wrong)."""
    parser = argparse.ArgumentParser(prog="callrouter-role")
    parser.add_argument("role", choices=("router", "worker", "web"))
    parser.add_argument("--config", type=Path)
    parser.add_argument("--heartbeat-fd", type=int)
    arguments = parser.parse_args()
    try:
        loaded = settings.load(arguments.config)
        log.configure(loaded.log.level, loaded.log.format)
        return _run(arguments.role)(loaded, arguments.heartbeat_fd)
    except CallrouterError as error:
        print(f"callrouter {arguments.role}: {error}", file=sys.stderr)  # noqa: T201
        return 2


if __name__ == "__main__":
    sys.exit(main())
