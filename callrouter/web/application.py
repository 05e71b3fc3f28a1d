"""The Flask application."""

from __future__ import annotations

from flask import Flask

from callrouter.web.health import Checks, health_pages


def create_application(checks: Checks) -> Flask:
    """The web role's WSGI application."""
    application = Flask(__name__)
    application.register_blueprint(health_pages(checks))
    return application
