"""Habits of this repository that a machine can watch over."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from callrouter.directory import document

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "callrouter").rglob("*.py"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
#: Where packages and images are downloaded from is each machine's own matter (written so as not to find itself).
REGISTRY = re.compile(
    r"\b(pypi[.]org|pythonhosted[.]org|npmjs[.](com|org)|(deb|snapshot|security)[.]debian[.]org"
    r"|alpinelinux[.]org|(docker|ghcr|quay)[.]io|proxy[.]golang[.]org|index[-]url|find[-]links)\b"
)
#: Numbers reserved for fiction (Bundesnetzagentur: 030 23125 000-999, 0176 04069000-99), beginnings of them, and the
#: former behind another area code or a stray zero, as tests of ambiguous and malformed numbers need them.
PHONE = re.compile(r"(?<![\w.])\+49\d{6,}")
FICTION = re.compile(r"\+49\d{0,5}2312(5\d{0,3})?|\+49176040(6(9(0(\d{1,2})?)?)?)?")


def tracked() -> list[Path]:
    """The text files that git knows."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    files = (ROOT / name for name in done.stdout.split("\0") if name)
    return [file for file in files if file.is_file() and b"\0" not in file.read_bytes()[:1000]]


def findings(pattern: re.Pattern[str], allowed: re.Pattern[str] | None = None) -> list[str]:
    found = []
    for file in tracked():
        for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), 1):
            for match in pattern.finditer(line):
                if not (allowed and allowed.fullmatch(match.group())):
                    found.append(f"{file.relative_to(ROOT)}:{number}: {match.group()}")
    return found


def test_nothing_names_a_registry():
    assert findings(REGISTRY) == []


def test_every_phone_number_is_fiction():
    assert findings(PHONE, FICTION) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_why_it_exists_and_can_be_read_in_one_go(module: Path):
    text = module.read_text("utf-8")
    assert ast.get_docstring(ast.parse(text)), "a module needs a docstring that says why it exists"
    assert text.count("\n") <= 400, "above 300 lines ask what second thing the file does"


def test_every_setting_is_documented():
    page = runpy.run_path(str(ROOT / "docs" / "settings_page.py"))["page"]()
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == page, "run `make docs`"


def test_every_key_of_the_company_file_is_documented():
    page = "".join((ROOT / "docs" / name).read_text("utf-8") for name in ("company.md", "providers.md"))
    parts = [part for part in vars(document).values() if isinstance(part, type) and issubclass(part, document.Part)]
    keys = {field.alias or name for part in parts for name, field in part.model_fields.items()}
    assert {key for key in keys if not re.search(rf"`{key}\b", page)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_make_targets_that_the_pages_name_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {name for page in PAGES for name in re.findall(r"[`\n]make ([a-z]+)", page.read_text("utf-8"))}
    assert named <= targets


def test_imports_point_one_way():
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"],
        cwd=ROOT,
        env={"PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.shellcheck
def test_shell_scripts_are_sound():
    scripts = [file for file in tracked() if re.match(rb"#!.*\b(ba)?sh\b", file.read_bytes())]
    assert scripts
    done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout
