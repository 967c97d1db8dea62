"""Set up .venv for the Makefile: `setup.py runtime` for sandbox and demo, `setup.py dev` for all.

A set is installed only if its stamp in .venv differs from its requirements. `dev` contains
`runtime`. The script runs with Python 3.7 or later, so that an old Python leads to a sentence.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
CONTAINED = {"runtime": ["runtime"], "dev": ["dev", "runtime"]}
"""Sets that are complete after the installation of a set."""
_PACKAGE = re.compile(r"^[\w.-]+==", re.MULTILINE)
_PIP_ROW = re.compile(r"(?:Collecting|Requirement already satisfied:) ([\w.-]+)")
_BAR, _NAME, _TAIL = 24, 30, 20

_OLD_PYTHON = (
    "teleport-chatops needs Python 3.11 or later, and {0} is Python {1}. Install a newer one, or"
    " name it: make sandbox PYTHON=/path/to/python3"
)
_NO_VENV = (
    "{0} lacks the venv module. Install it (on Debian and Ubuntu: apt-get install python{1}-venv),"
    " then run make again."
)
_CAUSES = (
    (
        ("CERTIFICATE_VERIFY_FAILED", "invalid peer certificate"),
        (
            "The certificate of the Python package index isn't trusted. Set PIP_CERT (with uv:"
            " SSL_CERT_FILE) to the file of your network's certificate authorities, then run make"
            " again."
        ),
    ),
    (
        ("connection broken", "timed out", "ProxyError", "error sending request", "dns error"),
        (
            "Can't reach the Python package index. Check the network, or set HTTPS_PROXY to your"
            " proxy or PIP_INDEX_URL (with uv: UV_DEFAULT_INDEX) to your mirror, then run make"
            " again."
        ),
    ),
    (("No space left on device",), "The disk is full. Free 500 MB, then run make again."),
)
"""Parts of the errors of pip and uv, with the sentence for each cause."""


class SetupError(Exception):
    """A problem that the user can fix. The text names the fix."""


class Step:
    """A line of progress; on a terminal also a bar."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._start = time.monotonic()
        self._live = sys.stdout.isatty()
        self._write(text if self._live else text + "\n")

    def progress(self, done: int, total: int, name: str) -> None:
        if self._live:
            filled = "█" * (_BAR * min(done, total) // total)
            bar = filled.ljust(_BAR, "░")
            self._write(f"\r\033[K{self._text}  {bar} {done}/{total} {name[:_NAME]}")

    def finish(self) -> None:
        if self._live:
            seconds = time.monotonic() - self._start
            self._write(f"\r\033[K{self._text}  ({seconds:.0f} s)\n")

    def abort(self) -> None:
        if self._live:
            self._write("\n")

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()


class Environment:
    """The virtual environment of a project folder."""

    def __init__(self, root: Path, uv: str | None) -> None:
        self._root = root
        self._uv = uv
        self._folder = root / ".venv"
        self._python = str(self._folder / "bin" / "python")
        self._unfinished = self._folder / ".unfinished"

    def install(self, name: str) -> None:
        """Install a set unless its stamp is current. A failed first installation leaves nothing."""
        if self._is_current(name):
            return
        try:
            if self._unfinished.exists() or not self._is_usable():
                self._create()
            self._remove_old_stamps()
            self._install_requirements(name)
            if not self._is_current("runtime"):  # its stamp covers the project, too
                self._install_project()
            for each in CONTAINED[name]:
                self._stamp(each).write_text(self._fingerprint(each))
            if self._unfinished.exists():
                self._unfinished.unlink()
        finally:
            if self._unfinished.exists():
                shutil.rmtree(str(self._folder))

    def _remove_old_stamps(self) -> None:
        """An interrupted upgrade must not look complete after a return to the older commit."""
        for name in CONTAINED:
            if self._stamp(name).exists() and not self._is_current(name):
                self._stamp(name).unlink()

    def _stamp(self, name: str) -> Path:
        return self._folder / f".{name}"

    def _is_current(self, name: str) -> bool:
        stamp = self._stamp(name)
        return (
            not self._unfinished.exists()
            and stamp.exists()
            and stamp.read_text() == self._fingerprint(name)
        )

    def _fingerprint(self, name: str) -> str:
        """Hash what the installation depends on, with the folder and its Python's version."""
        version = self._ask("import sys; print(sys.version)")
        parts = [str(self._root).encode(), version.encode(), self._project()]
        parts += [self._requirements(each).read_bytes() for each in (name, "build")]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def _project(self) -> bytes:
        """Return the sections of pyproject.toml before those of the development tools."""
        return (self._root / "pyproject.toml").read_bytes().partition(b"\n[dependency-groups]")[0]

    def _requirements(self, name: str) -> Path:
        return self._root / "requirements" / f"{name}.txt"

    def _is_usable(self) -> bool:
        """Return whether the folder's Python can install, and its scripts weren't moved."""
        tool = "" if self._uv else "; import pip"
        if not self._ask(f"import sys{tool}; print(sys.version_info >= {OLDEST} or '')"):
            return False
        script = self._folder / "bin" / "teleport-chatops"
        return not script.exists() or str(self._folder) in script.read_text()

    def _ask(self, code: str) -> str:
        """Return what the folder's Python prints; nothing if it can't run."""
        try:
            done = subprocess.run(
                [self._python, "-I", "-c", code],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except OSError:
            return ""
        return done.stdout.decode().strip()

    def _create(self) -> None:
        short, full = (".".join(map(str, sys.version_info[:n])) for n in (2, 3))
        if not self._uv and not importlib.util.find_spec("ensurepip"):
            raise SetupError(_NO_VENV.format(sys.executable, short))
        if self._folder.exists():
            shutil.rmtree(str(self._folder))
        self._folder.mkdir()
        self._unfinished.touch()
        if self._uv:
            command = [self._uv, "venv", "--allow-existing", "--python", sys.executable]
        else:
            command = [sys.executable, "-m", "venv"]
        self._run(Step(f"Creating .venv with Python {full}"), [*command, str(self._folder)])

    def _install_requirements(self, name: str) -> None:
        path = self._requirements(name)
        total = len(_PACKAGE.findall(path.read_text()))
        step = Step(f"Installing {total} packages of requirements/{name}.txt")
        self._run(step, [*self._installer(), "--require-hashes", "-r", str(path)], total)

    def _install_project(self) -> None:
        """Install the project as editable, with a build backend outside of .venv."""
        step = Step("Installing teleport-chatops")
        with tempfile.TemporaryDirectory() as backend:
            build = [
                "--target",
                backend,
                "--require-hashes",
                "-r",
                str(self._requirements("build")),
            ]
            self._run(None, [*self._installer(), *build])
            project = ["--no-deps", "--no-build-isolation", "-e", str(self._root)]
            self._run(step, [*self._installer(), *project], backend=backend)

    def _installer(self) -> list[str]:
        if self._uv:
            return [self._uv, "pip", "install", "--python", self._python]
        # Python compiles the modules that it imports, which are few of those installed.
        options = ["--no-compile", "--no-input", "--retries", "2", "--progress-bar", "off"]
        quiet = ["--disable-pip-version-check", "--no-warn-script-location"]
        return [self._python, "-m", "pip", "install", *options, *quiet]

    def _run(
        self, step: Step | None, command: list[str], total: int = 0, backend: str = ""
    ) -> None:
        """Run a command and show its progress. Raises SetupError with the cause of a failure."""
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": backend, "PIP_USER": "0", "PIP_QUIET": "0"},
            cwd=str(self._root),
            universal_newlines=True,
        )
        rows: deque[str] = deque(maxlen=_TAIL)
        done = 0
        for row in process.stdout or ():
            rows.append(row)
            found = _PIP_ROW.match(row)
            if step and found and total:
                done += 1
                step.progress(done, total, found.group(1))
        if process.wait():
            raise SetupError(explain("".join(rows)))
        if step:
            step.finish()


def explain(output: str) -> str:
    """Return the sentence for the cause of a failure, or else the output itself."""
    for parts, sentence in _CAUSES:
        if any(part in output for part in parts):
            return sentence
    return f"The installation failed:\n{output}"


def find_python() -> None:
    """Continue with a newer Python of the PATH if this one is too old. Raises SetupError."""
    if sys.version_info >= OLDEST:
        return
    for name in NEWER:
        path = shutil.which(name)
        # A shim of pyenv exists even if its version isn't selected.
        if path and not subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL):
            os.execv(path, [path, *sys.argv])  # noqa: S606
    version = ".".join(map(str, sys.version_info[:2]))
    raise SetupError(_OLD_PYTHON.format(sys.executable, version))


def main() -> None:
    try:
        find_python()
        Environment(ROOT, shutil.which("uv")).install(sys.argv[1])
    except SetupError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run make again to set up.")


if __name__ == "__main__":
    main()
