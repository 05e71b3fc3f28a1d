"""Renders the prompts again from their texts; for maintainers, not shipped: the WAV files are in the repository.

Needs ``pico2wave`` (Debian: libttspico-utils, component non-free), ``sox`` and PyYAML. Run it as ``make prompts``.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

PROMPTS = Path(__file__).resolve().parents[2] / "callrouter" / "voicemail" / "prompts"
VOICES = {"de": "de-DE", "en": "en-GB"}
PEAK_DB = "-3"
PAUSE_SECONDS = "0.15"
TELEPHONE = ["-r", "8000", "-b", "16", "-c", "1", "-e", "signed-integer"]
# Trim the silence at both ends (reverse turns the end into a beginning), then put a known pause back.
TRIM = ["silence", "1", "0.01", "0.5%"]


def run(*command: str) -> None:
    subprocess.run(command, check=True, timeout=60)


def speak(text: str, language: str, target: Path) -> None:
    """Write *text*, spoken, to *target*: 8 kHz, mono, 16 bit, peak at -3 dBFS, 150 ms of silence at both ends."""
    with tempfile.TemporaryDirectory() as scratch:
        raw = f"{scratch}/raw.wav"
        run("pico2wave", f"--lang={VOICES[language]}", f"--wave={raw}", text)
        # The resampler's filter can overshoot: take 6 dB away before it and set the peak after it.
        shape = ["gain", "-6", "rate", "-v", "8000", *TRIM, "reverse", *TRIM, "reverse"]
        run("sox", "-R", raw, *TELEPHONE, str(target), *shape, "norm", PEAK_DB, "pad", PAUSE_SECONDS, PAUSE_SECONDS)


def beep(target: Path) -> None:
    """Write the tone after the greeting: 0.4 s of 800 Hz at -9 dBFS with edges of 20 ms."""
    tone = ["synth", "0.4", "sine", "800", "fade", "q", "0.02", "0.4", "0.02", "norm", "-9"]
    run("sox", "-R", "-n", *TELEPHONE, str(target), *tone)


def music(target: Path) -> None:
    """Write the music on hold: 24 s of plucked chords (C, A minor, F, G; twice), quiet, fit to be repeated."""
    chords = (("C3", "E4", "G4", "C5"), ("A2", "E4", "A4", "C5"), ("F2", "F4", "A4", "C5"), ("G2", "D4", "G4", "B4"))
    with tempfile.TemporaryDirectory() as scratch:
        bars = []
        for number, chord in enumerate((*chords, *chords)):
            bars.append(f"{scratch}/{number}.wav")
            order = chord if number < len(chords) else (chord[0], *reversed(chord[1:]))
            notes = [part for note in order for part in ("pluck", note)]
            delays = [f"{0.35 * position:.2f}" for position in range(len(order))]
            synth = ["synth", "3", *notes, "delay", *delays, "remix", "-", "fade", "0.01", "3", "0.3"]
            run("sox", "-R", "-n", "-r", "16000", bars[-1], *synth)
        shape = ["gain", "-6", "rate", "-v", "8000", "reverb", "30", "norm", "-15"]
        run("sox", "-R", *bars, *TELEPHONE, str(target), *shape)


def main() -> int:
    missing = [tool for tool in ("pico2wave", "sox") if not shutil.which(tool)]
    if missing:
        print(f"missing: {', '.join(missing)} (Debian: libttspico-utils from non-free, sox)", file=sys.stderr)
        return 1
    texts = yaml.safe_load((PROMPTS / "texts.yaml").read_text("utf-8"))
    for language in VOICES:
        (PROMPTS / language).mkdir(exist_ok=True)
        for name, spoken in texts.items():
            speak(spoken[language], language, PROMPTS / language / f"{name}.wav")
        beep(PROMPTS / language / "beep.wav")
    (PROMPTS / "music").mkdir(exist_ok=True)
    music(PROMPTS / "music" / "hold.wav")
    return 0


if __name__ == "__main__":
    sys.exit(main())
