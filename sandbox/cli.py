"""`teleport-chatops sandbox`: a local Slack and Teleport for trying the bot."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.next_steps import next_steps
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition
from sandbox.teleport.profile import default_data
from sandbox.teleport.tools import tctl, tsh

if TYPE_CHECKING:  # tsh and tctl start faster without this import
    from sandbox.world import World

app = typer.Typer(
    context_settings={"help_option_names": ["-h", "--help"]}, invoke_without_command=True
)
app.add_typer(tsh.app, name="tsh")
app.add_typer(tctl.app, name="tctl")


@app.callback()
def sandbox(
    context: typer.Context,
    listen: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    slack_port: Annotated[int, typer.Option(help="Port of the web page and Web API.")] = 8765,
    teleport_port: Annotated[int, typer.Option(help="Port of the Auth Service.")] = 3025,
    edition: Annotated[Edition, typer.Option(help="Teleport edition.")] = Edition.ENTERPRISE,
    server_version: Annotated[str, typer.Option(help="Teleport version.")] = DEFAULT_SERVER_VERSION,
    no_bot: Annotated[bool, typer.Option("--no-bot", help="Don't start the bot.")] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(help="App manifest to install (JSON or YAML) instead of the bot's."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder for identities and settings.")] = None,
) -> None:
    """Run a local Slack and Teleport with the bot. Use `tsh` and `tctl` with a running sandbox."""
    if context.invoked_subcommand is not None:
        return
    from sandbox import world
    from sandbox.slack.manifest.document import ManifestError

    sandbox_world = world.running(
        data or default_data(),
        world.Ports(listen, slack_port, teleport_port),
        edition=edition,
        server_version=server_version,
        with_bot=not no_bot,
        manifest=manifest,
    )
    try:
        code = asyncio.run(_run(sandbox_world, data))
    except (world.PortUnavailable, ManifestError) as error:
        typer.echo(str(error), err=True)
        code = 1
    except OSError as error:
        typer.echo(f"Can't start the sandbox: {error}", err=True)
        code = 1
    raise typer.Exit(code)


async def _run(world: "AbstractAsyncContextManager[World]", data: Path | None) -> int:
    """Run until a signal arrives or the bot ends, and return the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with world as running:
        typer.echo(
            f"Slack     {running.slack.local_url}/   (open it in a browser)\n"
            f"Teleport  {running.teleport.address}\n"
            f"Settings  {running.settings}"
        )
        stopping = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(running.wait_for_bot())
        ready = asyncio.create_task(running.wait_until_ready())
        await asyncio.wait({stopping, ended, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            with_bot = running.bot is not None
            typer.echo(
                next_steps(running.slack.local_url, running.settings, data=data, with_bot=with_bot)
            )
        ready.cancel()
        await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return await ended
        return 0
