"""What ships: the wheel holds every file of the program, and works where there is no checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA_FOLDERS = ("dialplan_templates", "freeswitch_conf", "migrations")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.orig", "*.swp", ".*")

ASK = """
import callrouter
from callrouter import resources
print(callrouter.__file__)
for name in {folders!r}:
    print(resources.data_dir(name))
print(resources.prompts_dir())
"""


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what goes into the wheel, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in ("callrouter", *DATA_FOLDERS):
        shutil.copytree(ROOT / name, copy / name, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--no-build-isolation", "--wheel-dir", str(target), ".", cwd=source)
    (built,) = target.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_and_nothing_else(source: Path, wheel: Path):
    expected = {str(path.relative_to(source)) for path in (source / "callrouter").rglob("*") if path.is_file()}
    for folder in DATA_FOLDERS:
        files = [path for path in (source / folder).rglob("*") if path.is_file()]
        assert files, folder
        expected |= {f"callrouter/data/{path.relative_to(source)}" for path in files}
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert shipped == {name for name in expected if ".egg-info/" not in name}


def test_an_installed_wheel_finds_its_data_outside_a_checkout(wheel: Path, tmp_path: Path):
    site = tmp_path / "site"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--target", str(site), str(wheel), cwd=tmp_path)
    script = f"import sys; sys.path.insert(0, {str(site)!r})\n" + ASK.format(folders=DATA_FOLDERS)
    module, *folders = run(sys.executable, "-I", "-c", script, cwd=tmp_path).split()
    assert module == str(site / "callrouter" / "__init__.py")
    expected = [site / "callrouter" / "data" / name for name in DATA_FOLDERS]
    assert [Path(folder) for folder in folders] == [*expected, site / "callrouter" / "voicemail" / "prompts"]
    for folder in folders:
        assert any(Path(folder).iterdir())
