"""The mailbox on a real FreeSWITCH: what the caller says is what the mail carries."""

from __future__ import annotations

import datetime as dt
import email.utils
import io
import wave
from array import array
from zoneinfo import ZoneInfo

import pytest

from callrouter.cli.scratch import wait_until
from callrouter.simulator.behaviour import BUSY, NoAnswer
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.rtp import frequency_of, loud_part, tone, tone_ended
from tests.e2e.world import ANNA, CALLER, SALES, World, final, heard

pytestmark = pytest.mark.freeswitch

BEEP = 800


def samples_of(wav: bytes) -> array[int]:
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        found = array("h")
        found.frombytes(file.readframes(file.getnframes()))
        return found


def wait_for_beep(call: PhoneCall) -> None:
    """Listen until the tone has been heard and is over."""
    wait_until(lambda: tone_ended(call.audio.heard, BEEP), "the beep", 30)


def leave_message(world: World, call: PhoneCall, frequency: float = 440, seconds: float = 2.0) -> None:
    assert final(call) == 200
    wait_for_beep(call)
    before = recorded(world)
    call.audio.play(tone(frequency, seconds))
    wait_until(lambda: not call.audio.playing, "the end of what the caller says")
    wait_until_recorded(world, before, seconds)


def recorded(world: World) -> int:
    """How many bytes FreeSWITCH has written of recordings."""
    return sum(path.stat().st_size for path in world.scratch.settings.spool.recordings.glob("*.wav"))


def wait_until_recorded(world: World, before: int, seconds: float) -> None:
    """Wait until *seconds* more than *before* are in the file: on a busy machine FreeSWITCH is behind the caller."""
    wait_until(lambda: recorded(world) >= before + seconds * 16000, "all that the caller said, in the recording")


def test_a_message_is_what_the_caller_said_and_one_mail(world: World) -> None:
    world.phone("anna-desk", NoAnswer())
    call = world.trunk.call(ANNA, CALLER, "Carla")
    leave_message(world, call)
    call.hangup()
    [record] = world.calls(1)
    assert (record.outcome, record.interrupted) == ("voicemail", False)
    [(milliseconds, audio)] = world.messages()
    said = loud_part(samples_of(audio))
    assert abs(frequency_of(said) - 440) < 5
    assert 1.7 < len(said) / 8000 < 2.3
    assert 1500 < milliseconds < 8000
    [mail] = world.mails(1)
    assert mail["To"] == "anna@muster.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    [attachment] = mail.iter_attachments()
    assert attachment.get_content_type() in ("audio/wav", "audio/x-wav")
    assert attachment.get_content() == audio
    world.quiet()
    assert len(world.scratch.mails.mails()) == 1


def test_hash_ends_the_message_and_the_caller_is_thanked(world: World) -> None:
    call = world.trunk.call(ANNA, CALLER)
    leave_message(world, call, seconds=1.5)
    call.audio.send_digits("#")
    call.wait_for("BYE", 20)
    [record] = world.calls(1)
    assert record.outcome == "voicemail"


def test_silence_ends_the_recording_and_is_no_message(bare_world: World) -> None:
    bare_world.create()
    bare_world.scratch.start()
    call = bare_world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    call.wait_for("BYE", 40)
    [record] = bare_world.calls(1)
    assert record.outcome == "missed"
    [mail] = bare_world.mails(1)
    assert not list(mail.iter_attachments())
    assert bare_world.messages() == []


def test_all_phones_offline_or_busy_means_the_mailbox_at_once(world: World) -> None:
    world.phone("anna-desk", BUSY)
    began = dt.datetime.now(dt.UTC)
    call = world.trunk.call(ANNA, CALLER)
    assert final(call) == 200
    assert dt.datetime.now(dt.UTC) - began < dt.timedelta(seconds=1.5)
    call.hangup()


def test_outside_its_schedule_the_mailbox_takes_no_call(bare_world: World) -> None:
    now = dt.datetime.now(ZoneInfo("Europe/Berlin"))
    other_day = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(now.weekday() + 3) % 7]
    bare_world.company["schedules"] = []
    bare_world.company["employees"][0]["mailbox"]["schedule"] = {
        "open": [{"days": other_day, "from": "00:00", "to": "24:00"}],
        "when": "open",
    }
    bare_world.create()
    bare_world.scratch.start()
    bare_world.phone("anna-desk", NoAnswer())
    call = bare_world.trunk.call(ANNA, CALLER)
    assert final(call, 15) == 480
    assert "180" in heard(call)
    assert call.events[-1].at - call.events[0].at > 3.5
    [record] = bare_world.calls(1)
    assert record.outcome == "missed"
    assert len(bare_world.mails(1)) == 1


def test_the_pool_s_mailbox_mails_the_team(world: World) -> None:
    call = world.trunk.call(SALES, CALLER)
    leave_message(world, call)
    call.hangup()
    [mail] = world.mails(1)
    assert mail["To"] == "vertrieb@muster.example"
    assert email.utils.parseaddr(str(mail["From"]))[1] == "telefon@muster.example"
