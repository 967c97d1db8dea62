"""The setup script installs each set once, and explains failures in one sentence.

A stand-in for uv on the PATH records its calls, so these tests need no network.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.setup import SetupError, explain, find_python

ROOT = Path(__file__).parents[3]
_UV = """\
#!/bin/sh
echo "$*" >> "{calls}"
if [ "$1" = venv ]; then
    mkdir -p .venv/bin
    printf '#!/bin/sh\\nexec {python} "$@"\\n' > .venv/bin/python
    chmod +x .venv/bin/python
elif [ -e "{offline}" ]; then
    echo "error: dns error: failed to lookup address information"
    exit 2
fi
"""


class Project:
    """A folder with the files that the setup script reads."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.venv = self.root / ".venv"
        self._calls, self._offline, self._bin = (
            folder / each for each in ("calls", "offline", "bin")
        )
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        (self.root / "scripts").mkdir()
        for name in ("scripts/setup.py", "pyproject.toml"):
            shutil.copy(ROOT / name, self.root / name)
        self._bin.mkdir()
        uv = self._bin / "uv"
        uv.write_text(_UV.format(calls=self._calls, offline=self._offline, python=sys.executable))
        uv.chmod(0o755)

    def disconnect(self) -> None:
        self._offline.touch()

    def connect(self) -> None:
        self._offline.unlink()

    def set_up(self, name: str, code: int = 0) -> tuple[str, Sequence[str]]:
        """Run the script. Return its output, and the files that uv was told to install."""
        self._calls.write_text("")
        done = subprocess.run(  # noqa: S603
            [sys.executable, "scripts/setup.py", name],
            cwd=self.root, capture_output=True, text=True, check=False,
            env={"PATH": f"{self._bin}:{os.defpath}"},
        )  # fmt: skip
        assert done.returncode == code, done
        words = self._calls.read_text().split()
        names = [Path(word).stem for word in words if word.endswith(".txt")]
        return done.stdout + done.stderr, names


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_each_set_is_installed_once(project: Project) -> None:
    """The tests need more than the sandbox, and both share one folder."""
    assert project.set_up("runtime")[1] == ["runtime", "build"]
    assert project.set_up("runtime") == ("", [])
    assert project.set_up("dev")[1] == ["dev"]
    for name in ("runtime", "dev"):
        assert project.set_up(name) == ("", [])


def test_dev_set_contains_the_runtime_set(project: Project) -> None:
    assert project.set_up("dev")[1] == ["dev", "build"]
    assert project.set_up("runtime") == ("", [])


def test_changed_requirements_are_installed(project: Project) -> None:
    """Settings of the development tools in pyproject.toml don't count."""
    project.set_up("dev")
    with (project.root / "pyproject.toml").open("a") as file:
        file.write("\n[tool.other]\n")
    assert project.set_up("dev") == ("", [])
    with (project.root / "requirements/dev.txt").open("a") as file:
        file.write("# changed\n")
    assert project.set_up("runtime") == ("", [])
    assert project.set_up("dev")[1] == ["dev"]


def test_progress_has_one_line_per_step(project: Project) -> None:
    lines = project.set_up("runtime")[0].splitlines()
    assert [line.split()[0] for line in lines] == ["Creating", "Installing", "Installing"]


def test_failed_first_installation_leaves_nothing(project: Project) -> None:
    project.disconnect()
    output, _ = project.set_up("runtime", code=1)
    assert "Can't reach the Python package index. Check the network" in output
    assert "Traceback" not in output
    assert not project.venv.exists()
    project.connect()
    assert project.set_up("runtime")[1] == ["runtime", "build"]


def test_failed_second_installation_keeps_the_first(project: Project) -> None:
    project.set_up("runtime")
    project.disconnect()
    project.set_up("dev", code=1)
    assert project.set_up("runtime") == ("", [])


@pytest.mark.parametrize("leftover", [".venv/bin/python", ".venv/.unfinished"])
def test_half_made_environment_is_replaced(project: Project, leftover: str) -> None:
    """An interrupted installation leaves a Python that can't run, or the marker."""
    (project.venv / "bin").mkdir(parents=True)
    (project.venv / "old").touch()
    (project.root / leftover).touch()
    project.set_up("runtime")
    assert not (project.venv / "old").exists()
    assert not (project.venv / ".unfinished").exists()


def test_moved_project_gets_a_new_environment(project: Project) -> None:
    """The scripts in .venv/bin name the old folder."""
    project.set_up("runtime")
    (project.venv / "bin/teleport-chatops").write_text("#!/elsewhere/.venv/bin/python\n")
    project.root = project.root.rename(project.root.with_name("moved"))
    project.venv = project.root / ".venv"
    assert project.set_up("runtime")[1] == ["runtime", "build"]
    assert not (project.venv / "bin/teleport-chatops").exists()


def test_old_python_leads_to_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SetupError, match=r"needs Python 3\.11 or later, and .* is Python 3\.9"):
        find_python()


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("Retrying (Retry(total=1)) after connection broken by 'NewConnectionError", "HTTPS_PROXY"),
        ("connection broken by 'SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        ("ERROR: [Errno 28] No space left on device", "Free 500 MB"),
        ("ERROR: hashes don't match", "ERROR: hashes don't match"),
    ],
)
def test_cause_of_a_failure_has_a_hint(output: str, hint: str) -> None:
    """Other failures show the output of pip or uv."""
    assert hint in explain(output)


def test_runtime_pins_are_the_same_in_the_dev_set() -> None:
    """Otherwise each switch between the sets would replace packages."""

    def pins(name: str) -> set[str]:
        text = (ROOT / f"requirements/{name}.txt").read_text()
        return {line for line in text.splitlines() if "==" in line}

    assert pins("runtime") | pins("build") <= pins("dev")
