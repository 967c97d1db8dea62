"""tbot as the README sets it up: a role, a bot, a join token, and a process that renews."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.real_teleport.harness.bot_role import assign_bot_role
from tests.real_teleport.harness.cluster import Cluster
from tests.real_teleport.harness.features import Feature, ServerFeatures
from tests.real_teleport.harness.product import product
from tests.real_teleport.harness.programs import end, run

_ROOT = Path(__file__).parents[3]
_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.1


def readme_script(containing: str) -> str:
    """Return the block of shell commands in the README that contains some words."""
    blocks = (_ROOT / "README.md").read_text().split("```sh\n")[1:]
    (script,) = (text for block in blocks if containing in (text := block.split("```")[0]))
    return script


async def run_script(cluster: Cluster, script: str) -> None:
    """Run commands of the README on the Auth Service's host. Raises ProgramFailed."""
    path = os.pathsep.join(
        [str(cluster.programs.folder), str(Path(sys.executable).parent), os.environ["PATH"]]
    )
    environment = cluster.programs.environment(PATH=path, TELEPORT_CONFIG_FILE=str(cluster.config))
    command = ["sh", "-e", "-c", f"cd {_ROOT}\n{script}"]
    (await run(command, environment)).succeeded(command)


@dataclass(frozen=True)
class Tbot:
    process: asyncio.subprocess.Process
    identity: Path
    """The file that it keeps fresh."""

    def renew(self) -> None:
        """Have it renew now instead of after its interval."""
        self.process.send_signal(signal.SIGUSR1)


@asynccontextmanager
async def running_tbot(
    cluster: Cluster, features: ServerFeatures, folder: Path
) -> AsyncIterator[Tbot]:
    """Set up tbot as in the README, and run it while the block runs."""
    token = str(uuid4())
    setup, _, _ = readme_script("kind: token").partition("tbot start")
    if Feature.ON_BEHALF_REVIEWS not in features.missing:
        setup = setup.replace("teleport-override", "teleport-person")
    await run_script(cluster, setup.replace("name: teleport-chatops ", f"name: {token} "))
    printed = await product("teleport-role", "--tbot", "--server-version", features.version)
    settings = folder / "tbot.yaml"
    settings.write_text(
        printed.out.replace("teleport.example.com:443", cluster.proxy)
        .replace("token: teleport-chatops", f"token: {token}")
        .replace("/var/lib/teleport/bot", str(folder / "tbot"))
        .replace("/var/lib/teleport-chatops", str(folder / "destination"))
    )
    with (folder / "tbot.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            cluster.programs.path("tbot"), "start", "-c", str(settings), "--insecure",
            env=cluster.programs.environment(), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    identity = folder / "destination" / "identity"
    try:
        async with asyncio.timeout(_SECONDS):
            while not identity.exists() or not identity.stat().st_size:
                assert process.returncode is None, (folder / "tbot.log").read_text()
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        yield Tbot(process, identity)
    finally:
        await end(process, _SECONDS)
        await assign_bot_role(cluster, features)
