"""`teleport-chatops sandbox`: a local Slack and Teleport for trying the bot."""

import asyncio
import signal
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox import data_folder
from sandbox.bot_log import LOG, Echo
from sandbox.next_steps import next_steps
from sandbox.options import ServerVersion
from sandbox.ports import MAX_PORT, Ports, PortUnavailable
from sandbox.teleport.editions import DEFAULT_SERVER_VERSION, Edition
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
    slack_port: Annotated[
        int, typer.Option(help="Port of the web page and Web API.", min=0, max=MAX_PORT)
    ] = 8765,
    teleport_port: Annotated[
        int, typer.Option(help="Port of the Auth Service.", min=0, max=MAX_PORT)
    ] = 3025,
    edition: Annotated[Edition, typer.Option(help="Teleport edition.")] = Edition.ENTERPRISE,
    server_version: ServerVersion = DEFAULT_SERVER_VERSION,
    no_bot: Annotated[bool, typer.Option("--no-bot", help="Don't start the bot.")] = False,
    manifest: Annotated[
        Path | None,
        typer.Option(help="App manifest to install (JSON or YAML) instead of the bot's."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Folder for identities and settings. Default: one for the user and the ports."
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print the bot's whole log, not only warnings.")
    ] = False,
) -> None:
    """Run a local Slack and Teleport with the bot. Use `tsh` and `tctl` with a running sandbox."""
    if context.invoked_subcommand is not None:
        _pass_on(context, data)
        return
    from sandbox import world
    from sandbox.slack.manifest.document import ManifestError

    try:
        folder = (data or data_folder.default_folder(slack_port, teleport_port)).resolve()
        sandbox_world = world.running(
            folder,
            Ports(listen, slack_port, teleport_port),
            edition=edition,
            server_version=server_version,
            with_bot=not no_bot,
            manifest=manifest,
            echo=Echo.ALL if verbose else Echo.PROBLEMS,
        )
        code = asyncio.run(_run(sandbox_world, folder, is_default=data is None))
    except (PortUnavailable, data_folder.FolderUnavailable, ManifestError) as error:
        typer.echo(str(error), err=True)
        code = 1
    except OSError as error:
        typer.echo(f"Can't start the sandbox: {error}", err=True)
        code = 1
    raise typer.Exit(code)


def _pass_on(context: typer.Context, data: Path | None) -> None:
    """Pass the data folder to tsh or tctl, and reject options that only a start can use."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source and source.name != "DEFAULT" and name != "data":
            option = f"--{name.replace('_', '-')}"
            typer.echo(
                f"{option} is for starting a sandbox. tsh and tctl use a running one, which --data"
                " selects.",
                err=True,
            )
            raise typer.Exit(2)
    context.obj = data


async def _run(world: "AbstractAsyncContextManager[World]", data: Path, *, is_default: bool) -> int:
    """Run until a signal arrives or the bot ends, and return the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with world as running:
        with data_folder.listed(data):
            typer.echo(_addresses(running))
            stopping = asyncio.create_task(stop.wait())
            ended = asyncio.create_task(running.wait_for_bot())
            ready = asyncio.create_task(running.wait_until_ready())
            await asyncio.wait({stopping, ended, ready}, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                typer.echo(_next_steps(running, data, is_default=is_default))
            ready.cancel()
            await asyncio.wait({stopping, ended}, return_when=asyncio.FIRST_COMPLETED)
            return await ended if ended.done() else 0


def _addresses(running: "World") -> str:
    lines = [
        f"Slack     {running.slack.local_url}/",
        f"Teleport  {running.teleport.address}",
        f"Settings  {running.settings}",
    ]
    if running.bot is not None:
        lines += [f"Log       {running.settings.with_name(LOG)}", "Starting the bot…"]
    return "\n".join(lines)


def _next_steps(running: "World", data: Path, *, is_default: bool) -> str:
    """Return the next steps, with the data folder unless tsh and tctl find it without."""
    is_found = is_default and data_folder.running_folders() == [data]
    return next_steps(
        running.slack.local_url,
        running.settings,
        data=None if is_found else data,
        with_bot=running.bot is not None,
    )
