"""The bot as a child process, and the settings that it needs in the sandbox."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from pathlib import Path

from sandbox import cast
from sandbox.bot_log import LOG, MAX_LINE_BYTES, Echo, copy_log
from sandbox.slack.manifest.document import ManifestError, parse_manifest

SETTINGS = "bot.toml"
_STOP_SECONDS = 15.0
_RUN = (sys.executable, "-m", "bot", "run", "--config")


def write_settings(
    data: Path,
    *,
    teleport: str,
    identity: Path,
    slack_api: str,
    log: str = "stderr",
    approvers: bool = False,
) -> Path:
    """Write the settings file for `run --config` in this sandbox.

    `approvers` is for clusters where the bot can't submit reviews on behalf of users.
    """
    path = data / SETTINGS
    names = ", ".join(f'"{name}"' for name in cast.APPROVERS)
    approving = f'\n[role_to_approvers]\n"*" = [{names}]\n' if approvers else ""
    path.write_text(
        f"""\
# The settings of the sandbox's bot.

[teleport]
addr = "{teleport}"
identity = "{identity}"

[slack]
token = "{cast.BOT_TOKEN}"
app_token = "{cast.APP_TOKEN}"
apiurl = "{slack_api}"

[review]
slack_user_id_trait = "{cast.SLACK_TRAIT}"
locks = true

[role_to_recipients]
"*" = "{cast.APPROVERS_CHANNEL}"
{approving}
[log]
output = "{log}"
"""
    )
    return path


async def bots_manifest() -> object:
    """Return the app manifest that the bot prints. Raises ManifestError.

    The bot's manifest depends on no setting.
    """
    process = await create_subprocess_exec(
        *(sys.executable, "-m", "bot", "manifest"), stdout=PIPE, stderr=PIPE
    )
    try:
        printed, errors = await process.communicate()
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if process.returncode:
        raise ManifestError(f"The bot can't print its app manifest: {errors.decode().strip()}")
    return parse_manifest(printed.decode())


class BotProcess:
    """A running bot."""

    def __init__(self, process: Process, copying: asyncio.Task[None] | None = None) -> None:
        self._process = process
        self._copying = copying

    @classmethod
    async def start(cls, settings: Path) -> "BotProcess":
        """Start the bot with this Python. Its log goes to stderr."""
        return cls(await create_subprocess_exec(*_RUN, str(settings)))

    @classmethod
    async def start_with_log_file(cls, settings: Path, echo: Echo) -> "BotProcess":
        """Start the bot with a log file beside its settings."""
        process = await create_subprocess_exec(
            *_RUN, str(settings), stderr=PIPE, limit=MAX_LINE_BYTES
        )
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        copying = asyncio.create_task(copy_log(process.stderr, settings.parent / LOG, echo))
        return cls(process, copying)

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        """Return the exit code after the process has ended."""
        code = await self._process.wait()
        if self._copying is not None:
            await asyncio.shield(self._copying)
        return code

    async def stop(self) -> None:
        """Stop the bot gracefully, and kill it if that takes too long."""
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self.wait()
        except TimeoutError:
            self._process.kill()
            await self.wait()
