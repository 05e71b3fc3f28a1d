"""What happened: calls with their timelines, and messages, which need a scope of their own."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from pydantic import Field

from callrouter.directory import history, messages, timeline
from callrouter.directory.history import CallLine
from callrouter.directory.lists import Page
from callrouter.directory.messages import MessageLine
from callrouter.web.api import shapes
from callrouter.web.api.routes import Given, Routes
from callrouter.web.api.shapes import Listing

call_routes = Routes("Calls")
message_routes = Routes("Messages")
_MESSAGE = "/messages/<int(max=2147483647):number>"


class CallQuery(shapes.Query):
    """From ``since`` up to, not including ``until``; ``before`` is from the ``next`` of the page before this one."""

    q: Annotated[str, Field(max_length=120)] = ""
    owner: Annotated[str, Field(pattern=f"{shapes.OWNER_KEY}|^$")] = ""
    outcome: Annotated[str, Field(pattern="^(answered|missed|voicemail|rejected)?$")] = ""
    direction: Annotated[str, Field(pattern="^[a-z]{0,20}$")] = ""
    since: shapes.Moment | None = None
    until: shapes.Moment | None = None
    before: Annotated[str, Field(max_length=80)] = ""
    size: Annotated[int, Field(ge=1, le=500)] = 50


class MessageQuery(shapes.PageQuery):
    """``unheard``: those alone that nobody has heard."""

    owner: Annotated[str, Field(pattern=f"{shapes.OWNER_KEY}|^$")] = ""
    unheard: bool = False


@call_routes.get("/calls", asks=CallQuery, gives=Listing[CallLine])
def list_calls(given: Given) -> Page[CallLine]:
    """Calls, the latest first; q looks into numbers and the callers' names."""
    return history.calls(given.session, given.query.q, **given.query.model_dump(exclude={"q"}), viewer=given.viewer)


@call_routes.get("/calls/<uuid>", gives=timeline.CallDetail)
def get_call(given: Given, uuid: str) -> timeline.CallDetail:
    """One call as a story: who was rung, how that ended, the messages, the mails, the calls that belong to it."""
    return timeline.call_detail(given.session, uuid, given.viewer)


@message_routes.get("/messages", scopes=("messages",), asks=MessageQuery, gives=Listing[MessageLine])
def list_messages(given: Given) -> Page[MessageLine]:
    """Messages, the latest first."""
    return messages.listed(given.session, **given.query.model_dump())


@message_routes.get(f"{_MESSAGE}/audio", scopes=("messages",), gives=bytes, access="write", apply=False)
def get_message_audio(given: Given, number: int) -> Response:
    """The recording as a WAV file; who took it is written down in the audit log."""
    name = f'attachment; filename="message-{number}.wav"'
    audio = messages.take_audio(given.session, number)
    return Response(audio, content_type="audio/wav", headers={"Content-Disposition": name})


@message_routes.put(f"{_MESSAGE}/heard", scopes=("messages", "write"), takes=shapes.Heard, apply=False)
def mark_message(given: Given, number: int) -> None:
    """Mark a message as heard, or as not heard."""
    messages.mark(given.session, number, heard=given.body.heard, at=given.at)


@message_routes.delete(_MESSAGE, scopes=("messages", "write"), apply=False)
def delete_message(given: Given, number: int) -> None:
    """Delete a message with its recording; its call stays in the history."""
    messages.delete(given.session, number)
