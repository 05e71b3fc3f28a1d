"""What somebody at a phone hears of the prompts: as they are, but for the rounding of G.711."""

from __future__ import annotations

from array import array
from functools import cache
from weakref import WeakKeyDictionary

from callrouter.resources import prompts_dir
from callrouter.simulator.dialog import PhoneCall
from callrouter.simulator.rtp import RtpStream, g711_decode, g711_encode, read_wav

#: Enough of a prompt to know it by (samples of 8 kHz), and how far samples may be apart, beside a part of them.
_PIECE, _APART = 400, 48
#: Up to where an audio was searched in vain, by what was sought in it: who waits for a prompt asks again and again.
_SEARCHED: WeakKeyDictionary[RtpStream, dict[tuple[str, int], int]] = WeakKeyDictionary()


@cache
def _played(name: str) -> array[int]:
    samples = read_wav(prompts_dir() / f"{name}.wav")
    return g711_decode(g711_encode(samples, 8), 8)


@cache
def loudest(name: str, length: int = _PIECE) -> array[int]:
    """So many samples around the loudest of a prompt (``de/thanks``)."""
    played = _played(name)
    top = max(range(len(played)), key=lambda at: abs(played[at]))
    begin = max(0, min(top - length // 2, len(played) - length))
    return played[begin : begin + length]


def _alike(one: int, other: int) -> bool:
    return abs(one - other) <= _APART + abs(one) // 8


def _within(piece: array[int], whole: array[int]) -> bool:
    """Some of its samples are exactly as they were: around these all are compared."""
    sought = whole.tobytes()
    for begin in range(0, len(piece) - 6, 6):
        few, at = piece[begin : begin + 6].tobytes(), -1
        while (at := sought.find(few, at + 1)) >= 0:
            found = whole[at // 2 - begin : at // 2 - begin + len(piece)] if at // 2 >= begin else whole[:0]
            if at % 2 == 0 and len(found) == len(piece) and all(map(_alike, piece, found)):
                return True
    return False


def said(call: PhoneCall, prompt: str, language: str = "de", since: int = 0) -> bool:
    """Whether *call* has heard the *prompt*: its loudest piece. *since* are the samples that it had heard before."""
    name = f"{language}/{prompt}"
    heard, searched = call.audio.heard, _SEARCHED.setdefault(call.audio, {})
    begin, end = searched.get((name, since), since), len(heard)
    if not _within(loudest(name), heard[begin:end]):
        searched[name, since] = max(begin, end - _PIECE)
        return False
    return True


def music(call: PhoneCall) -> bool:
    """Whether the last thing that *call* has heard is the music on hold."""
    last: array[int] = call.audio.heard[-320:-160]
    return len(last) == 160 and max(last) > 300 and _within(last, _played("music/hold"))
