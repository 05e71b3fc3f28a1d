"""Limits of wrong passwords: an attempt counts before it is made, so that a thousand at once are no more than ten.

One that was no failure is taken back afterwards.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import ParamSpec

from flask import Response, make_response, request
from limits import RateLimitItem, parse
from limits.strategies import RateLimiter
from werkzeug.exceptions import TooManyRequests

from callrouter.web.security import limiter

_P = ParamSpec("_P")
#: How often (``10 per 15 minutes``), and whom or what is counted for this request.
Limit = tuple[str, Callable[[], str]]


def limited(*limits: Limit) -> Callable[[Callable[_P, object]], Callable[_P, Response]]:
    """Let a view be called by POST as often as all of *limits* permit, not counting what is answered other than 422."""
    items = [(parse(often), whose) for often, whose in limits]

    def wrap(view: Callable[_P, object]) -> Callable[_P, Response]:
        @functools.wraps(view)
        def counted(*args: _P.args, **kwargs: _P.kwargs) -> Response:
            if request.method != "POST":
                return make_response(view(*args, **kwargs))
            keys = [(item, (view.__qualname__, whose())) for item, whose in items]
            _count(limiter.limiter, keys)
            failed = False
            try:
                response = make_response(view(*args, **kwargs))
                failed = response.status_code == 422
            finally:
                if not failed:
                    _take_back(limiter.limiter, keys)
            return response

        return counted

    return wrap


def _count(limits: RateLimiter, keys: list[tuple[RateLimitItem, tuple[str, str]]]) -> None:
    for index, (item, key) in enumerate(keys):
        if not limits.hit(item, *key):
            wait = max(1, round(limits.get_window_stats(item, *key).reset_time - time.time()))
            _take_back(limits, keys[: index + 1])  # it was not made
            raise TooManyRequests(retry_after=wait)


def _take_back(limits: RateLimiter, keys: list[tuple[RateLimitItem, tuple[str, str]]]) -> None:
    for item, key in keys:
        limits.storage.incr(item.key_for(*key), item.get_expiry(), amount=-1)
