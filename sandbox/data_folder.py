"""The data folders of the sandboxes that run now.

A running sandbox holds a lock on its data folder. A folder of the user contains the default data
folders, and links to those that `--data` names, so that tsh and tctl find them.
"""

import fcntl
import os
import shlex
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_OWNER_ONLY = 0o700
_LOCK = "sandbox.lock"
_LINK = "link-"


class FolderUnavailable(Exception):
    """A data folder can't be used, or isn't known. The text is a sentence."""


def default_folder(slack_port: int, teleport_port: int) -> Path:
    """Return the data folder of a sandbox with these ports. Raises FolderUnavailable.

    With a port 0, the folder is a new one, because the ports differ at each start.
    """
    if slack_port and teleport_port:
        return _user_folder() / f"{slack_port}-{teleport_port}"
    return Path(tempfile.mkdtemp(prefix="free-ports-", dir=_user_folder()))


def running_folders() -> list[Path]:
    """Return the data folders of this user's running sandboxes. Raises FolderUnavailable."""
    folders = {entry.resolve() for entry in _user_folder().iterdir()}
    return sorted(folder for folder in folders if _is_locked(folder))


def find_running() -> Path:
    """Return the data folder of the only running sandbox. Raises FolderUnavailable."""
    match running_folders():
        case [folder]:
            return folder
        case []:
            raise FolderUnavailable(
                "found no running sandbox: start one with `make sandbox`, or name its folder with"
                " --data"
            )
        case folders:
            choices = " or ".join(f"--data {shlex.quote(str(folder))}" for folder in folders)
            raise FolderUnavailable(f"several sandboxes are running: choose one with {choices}")


@contextmanager
def lock(data: Path) -> Iterator[None]:
    """Create a data folder and lock it during the block.

    Raises FolderUnavailable if another sandbox has locked it.
    """
    data.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    with (data / _LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderUnavailable(_in_use(data)) from error
        yield


@contextmanager
def listed(data: Path) -> Iterator[None]:
    """Let `find_running` find a data folder during the block, if the user's folder is usable."""
    link = None
    with suppress(FolderUnavailable):
        _remove_old_links()
        if data.parent != _user_folder():
            link = _user_folder() / f"{_LINK}{uuid4().hex}"
            link.symlink_to(data)
    try:
        yield
    finally:
        if link is not None:
            link.unlink(missing_ok=True)


def _in_use(data: Path) -> str:
    """Return the sentence for a locked folder. Free ports have a new default folder."""
    option, variable = ("", "") if _is_default(data) else ("--data FOLDER ", "DATA=FOLDER ")
    return (
        f"A sandbox is running with the data folder {data}. Stop it, or start another one on free"
        f" ports with {option}--slack-port 0 --teleport-port 0"
        f" (make sandbox {variable}SLACK_PORT=0 TELEPORT_PORT=0)."
    )


def _is_default(data: Path) -> bool:
    with suppress(FolderUnavailable):
        return data.parent == _user_folder()
    return False


def _remove_old_links() -> None:
    """Remove links of sandboxes that ended without doing so."""
    for link in _user_folder().glob(f"{_LINK}*"):
        if not _is_locked(link):
            link.unlink(missing_ok=True)


def _is_locked(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    return False


def _user_folder() -> Path:
    """Return the folder of this user, which no other user can read or replace."""
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    base = runtime if runtime.is_absolute() and runtime.is_dir() else Path(tempfile.gettempdir())
    folder = base.resolve() / f"teleport-chatops-sandbox-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=_OWNER_ONLY)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise FolderUnavailable(
            f"{folder} belongs to another user. Choose a folder with --data, also for tsh and tctl."
        )
    folder.chmod(_OWNER_ONLY)
    return folder
