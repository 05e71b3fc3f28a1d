"""The prompts that ship: both languages, the format FreeSWITCH plays without resampling, and audible."""

from __future__ import annotations

import array
import itertools
import math
import wave
from pathlib import Path

import pytest
import yaml

from callrouter.resources import prompts_dir
from callrouter.routing.plan import SPOKEN

LANGUAGES = ("de", "en")
TEXTS = yaml.safe_load((prompts_dir() / "texts.yaml").read_text("utf-8"))
FILES = [f"{language}/{name}.wav" for language in LANGUAGES for name in (*TEXTS, "beep")]


def samples(path: Path) -> array.array:
    with wave.open(str(path)) as audio:
        assert (audio.getframerate(), audio.getnchannels(), audio.getsampwidth()) == (8000, 1, 2), path
        data = array.array("h")
        data.frombytes(audio.readframes(audio.getnframes()))
    return data


def db(level: float) -> float:
    """dBFS of a sample value."""
    return 20 * math.log10(max(level, 1) / 32768)


def test_the_prompts_that_the_router_plays_are_there():
    assert {"greeting", "greeting_pool", "saved", *SPOKEN, "unknown_number", "no_line"} <= set(TEXTS)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_has_every_language(name: str):
    assert set(TEXTS[name]) == set(LANGUAGES)
    assert all(text.strip() for text in TEXTS[name].values())


def test_there_is_no_file_without_a_text():
    found = {str(path.relative_to(prompts_dir())) for path in prompts_dir().rglob("*") if path.is_file()}
    assert found == {*FILES, "texts.yaml", "music/hold.wav"}


@pytest.mark.parametrize("file", [file for file in FILES if "beep" not in file])
def test_speech_is_audible_and_not_clipped(file: str):
    data = samples(prompts_dir() / file)
    language, name = Path(file).parts[0], Path(file).stem
    text = TEXTS[name][language]
    characters_per_second, slowest = len(text) / (len(data) / 8000), 10 if len(text) > 12 else 4
    assert slowest < characters_per_second < 20, "the file is not this text spoken: run `make prompts`"
    assert -4 < db(max(map(abs, data))) < -2
    assert db(math.sqrt(sum(value * value for value in data) / len(data))) > -26


@pytest.mark.parametrize("file", [file for file in FILES if "beep" not in file])
def test_speech_starts_and_ends_within_a_quarter_of_a_second(file: str):
    data = samples(prompts_dir() / file)
    audible = [index for index, value in enumerate(data) if db(abs(value)) > -40]
    assert 0.1 < audible[0] / 8000 < 0.25
    assert 0.1 < (len(data) - audible[-1]) / 8000 < 0.25


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_beep_is_a_short_soft_edged_tone_of_800_hz(language: str):
    data = samples(prompts_dir() / language / "beep.wav")
    assert len(data) == 3200
    rising = sum(1 for before, after in itertools.pairwise(data) if before < 0 <= after)
    assert abs(rising / 0.4 - 800) < 10
    assert -10 < db(max(map(abs, data))) < -8
    assert db(max(map(abs, data[:8]))) < -30
    assert db(max(map(abs, data[-8:]))) < -30
