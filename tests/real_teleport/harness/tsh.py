"""`tsh` of one user, with a profile of its own."""

import asyncio
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from tests.real_teleport.harness.accounts import PASSWORD, Account
from tests.real_teleport.harness.programs import Programs, run
from tests.real_teleport.harness.terminal import run_on_terminal


@dataclass(frozen=True)
class Tsh:
    programs: Programs
    proxy: str
    account: Account
    profile: Path

    async def log_in(self, *, again: bool = False) -> None:
        """Log in with password and one-time password. Raises ProgramFailed.

        A second login needs another one-time password: `again`.
        """
        command = self._command(
            "login", f"--proxy={self.proxy}", f"--user={self.account.name}", "--auth=local"
        )
        code = self.account.next_one_time_code if again else self.account.one_time_code
        finished = await run_on_terminal(
            command,
            self._environment,
            [("password", lambda: PASSWORD), ("OTP", code)],
        )
        finished.succeeded(command)

    async def run(self, *arguments: str) -> str:
        """Run a command and return stdout. Raises ProgramFailed."""
        command = self._command(*arguments)
        return (await run(command, self._environment)).succeeded(command)

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start a command that goes on, with its stdin and stdout."""
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            *self._command(*arguments), env=self._environment, stdin=pipe, stdout=pipe
        )

    def copied(self, profile: Path) -> "Tsh":
        """Return a tsh with the same login, which changes nothing of this one."""
        if not profile.exists():
            shutil.copytree(self.profile, profile)
        return replace(self, profile=profile)

    def _command(self, *arguments: str) -> list[str]:
        return [self.programs.path("tsh"), "--insecure", *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        return self.programs.environment(
            TELEPORT_HOME=str(self.profile), TELEPORT_LOGIN=self.account.name
        )


class Logins:
    """The users' logins, each made once: Teleport takes a one-time password only once."""

    def __init__(self, programs: Programs, proxy: str, folder: Path) -> None:
        self._programs = programs
        self._proxy = proxy
        self._folder = folder
        self._known: dict[str, Tsh] = {}

    async def of(self, account: Account) -> Tsh:
        if account.name not in self._known:
            tsh = Tsh(self._programs, self._proxy, account, self._folder / account.name)
            await tsh.log_in()
            self._known[account.name] = tsh
        return self._known[account.name]
