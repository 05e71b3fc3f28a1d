"""Builds the message that goes over the wire from a mail in the outbox, with the recording as MP3 or WAV."""

from __future__ import annotations

import email.utils
import io
import wave
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

import lameenc

from callrouter import log
from callrouter.mail.outbox import Leased
from callrouter.mail.words import WORDS

#: Speech at 8 kHz is as good as it gets at this rate (kbit/s): 60 s are 180 kB.
_MP3_RATE = 24
_IDS = frozenset({"message-id", "references", "in-reply-to"})


class _Policy(EmailPolicy):
    """Message-IDs stay whole: the standard folding encodes one that is longer than a line, which ends the thread."""

    def fold(self, name: str, value: Any) -> str:
        if name.lower() in _IDS:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in _IDS:
            return self.fold(name, value).encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Policy(linesep="\r\n")


def to_mp3(wav: bytes) -> bytes:
    """The WAV file *wav* (16 bit) as MP3; raises on anything else."""
    with wave.open(io.BytesIO(wav)) as file:
        encoder = lameenc.Encoder()
        encoder.silence()
        encoder.set_bit_rate(_MP3_RATE)
        encoder.set_in_sample_rate(file.getframerate())
        encoder.set_channels(file.getnchannels())
        encoder.set_quality(5)
        return bytes(encoder.encode(file.readframes(file.getnframes())) + encoder.flush())


def _recording(mail: Leased, wav: bytes) -> tuple[bytes, str]:
    if mail.audio == "mp3":
        try:
            return to_mp3(wav), "mp3"
        except Exception as error:  # whatever the encoder dislikes: the caller's words matter, not their format
            log.get("mail").warning(f"a recording goes out as WAV, it could not be made into MP3: {error}")
    return wav, "wav"


def build(mail: Leased, sender: str) -> EmailMessage:
    """The complete message. Raises ValueError when a header has a line break in it."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = sender
    message["To"] = mail.recipient
    message["Subject"] = mail.subject
    # Quoted-printable: goes through servers without 8BITMIME as it is.
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.wav is not None:
        data, kind = _recording(mail, mail.wav)
        local = email.utils.parsedate_to_datetime(mail.headers["Date"])
        word = WORDS[mail.headers["Content-Language"]]["recording"]
        subtype = "mpeg" if kind == "mp3" else "x-wav"
        message.add_attachment(data, maintype="audio", subtype=subtype, filename=f"{word}-{local:%Y-%m-%d-%H%M}.{kind}")
    for name, value in mail.headers.items():  # last: EmailMessage moves Content-… into its first part
        message[name] = value
    return message
