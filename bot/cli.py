"""The command line, `teleport-chatops`.

Each command imports its modules when it runs. `version`, `--help` and `manifest` therefore start at
once: they load neither grpc nor protobuf, which take most of the time.
"""

import asyncio
import json
import os
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Annotated

import typer

_WITHOUT_OPTIONS = {
    "allow_extra_args": True,
    "allow_interspersed_args": False,
    "ignore_unknown_options": True,
}
"""Context settings of commands that another command line parses."""

app = typer.Typer(
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="TELEPORT_CHATOPS_CONFIG",
        help="TOML settings file; environment variables override it.",
    ),
]


def _print_version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Request and review Teleport access from Slack."""


@app.command()
def run(config: ConfigOption = None) -> None:
    """Run the bot until SIGTERM."""
    _silence_grpc()
    from bot.observe.logs import configure_logs
    from bot.process import run_until_signalled
    from bot.settings.settings import SettingsError, load_settings, warn_of_ignored_settings
    from bot.start_error import MISCONFIGURED, StartError

    try:
        settings = load_settings(config)
    except SettingsError as error:
        _give_up(str(error), MISCONFIGURED)
    try:
        configure_logs(settings.log)
        warn_of_ignored_settings(config)
        asyncio.run(run_until_signalled(settings))
    except StartError as error:
        _give_up(str(error), error.exit_code)


@app.command()
def manifest() -> None:
    """Print the Slack app manifest."""
    from bot.setup.manifest import manifest as build

    typer.echo(json.dumps(build(), indent=2))


@app.command()
def teleport_role(
    mode: Annotated[str, typer.Option(help="Review mode: person, override or notify.")] = "person",
    asking: Annotated[bool, typer.Option(help="Let the bot create requests for users.")] = True,
    resource_names: Annotated[bool, typer.Option(help="Let the bot read host names.")] = True,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Let users cancel their own pending requests.")
    ] = False,
    resources: Annotated[
        bool, typer.Option("--resources", help="Let the bot list resources for the request form.")
    ] = False,
    locks: Annotated[bool, typer.Option("--locks", help="Let users lock approved access.")] = False,
    tbot: Annotated[
        bool, typer.Option("--tbot", help="Print a tbot configuration instead.")
    ] = False,
    server_version: Annotated[
        str, typer.Option(help="Your Teleport version, such as 17.0, if it isn't current.")
    ] = "",
) -> None:
    """Print the bot's role and Machine ID bot for `tctl create -f`."""
    from bot.features.feature import Choices
    from bot.setup import teleport_role as made
    from bot.start_error import MISCONFIGURED
    from teleport_client.model.cluster import ClusterInfo, version_numbers
    from workspace.requests.review_policy import ReviewMode

    if mode not in {ReviewMode.PERSON, ReviewMode.OVERRIDE, ReviewMode.NOTIFY}:
        _give_up(f"Unknown mode {mode}. Use person, override or notify.", MISCONFIGURED)
    if server_version and not version_numbers(server_version):
        _give_up(f"{server_version} isn't a version. Use something like 17.0.", MISCONFIGURED)
    server = ClusterInfo("", server_version, advanced_workflows=True)
    if server_version and not tbot and (line := made.rejected_line(ReviewMode(mode), server)):
        _give_up(
            f"Teleport {server_version} doesn't accept `{line}`, which mode {mode} needs. Use"
            " override or notify.",
            MISCONFIGURED,
        )
    if tbot:
        text = made.tbot(server_version)
    else:
        text = made.resources(
            Choices(
                mode=ReviewMode(mode),
                requests=asking,
                host_names=resource_names,
                opt_in=frozenset(
                    option
                    for option, wanted in (
                        ("--cancel", cancel),
                        ("--locks", locks),
                        ("--resources", resources),
                    )
                    if wanted
                ),
            )
        )
    typer.echo(text, nl=False)


@app.command()
def link(
    user: Annotated[str, typer.Argument(help="Teleport user name, such as alice.")],
    slack_user_id: Annotated[str, typer.Argument(help="Slack user ID, such as U012ABCDEF.")],
    config: ConfigOption = None,
    trait: Annotated[
        str, typer.Option(help="Trait for the ID; review.slack_user_id_trait if not given.")
    ] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite another Slack ID.")] = False,
) -> None:
    """Link a Teleport user: `tctl get users/alice | teleport-chatops link … | tctl create -f`."""
    from bot.settings.settings import SettingsError, slack_user_id_trait
    from bot.setup.user_link import LinkError, link
    from bot.start_error import MISCONFIGURED

    try:
        text = "" if sys.stdin.isatty() else sys.stdin.read()
        trait = trait or slack_user_id_trait(config)
        typer.echo(link(text, user, slack_user_id, trait=trait, replace=replace), nl=False)
    except (LinkError, SettingsError) as error:
        _give_up(str(error), MISCONFIGURED)


@app.command()
def doctor(
    config: ConfigOption = None,
    person: Annotated[str, typer.Option(help="Slack user ID to look up in Teleport.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check settings, connections and permissions.

    Exits with 0 (OK), 1 (warnings and temporary problems) or 2 (problems that need a change).
    """
    _silence_grpc()
    from bot.observe.logs import configure_logs, without_secrets
    from bot.settings.settings import LogSettings
    from bot.setup.doctor.report import report

    configure_logs(LogSettings(severity="error"))
    exit_code = asyncio.run(
        report(config, person, as_json=as_json, write=lambda row: typer.echo(without_secrets(row)))
    )
    raise typer.Exit(exit_code)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("teleport-chatops"))


@app.command(add_help_option=False, context_settings=_WITHOUT_OPTIONS)
def sandbox(context: typer.Context) -> None:
    """Run a local Slack and Teleport, with the bot between them."""
    from sandbox.cli import app as sandbox_app

    sandbox_app(context.args, prog_name=context.command_path)


@app.command(add_help_option=False, context_settings=_WITHOUT_OPTIONS)
def demo(context: typer.Context) -> None:
    """Play the story of an access request in the terminal, with the real bot."""
    from sandbox.demo import app as demo_app

    demo_app(context.args, prog_name=context.command_path)


def main() -> None:
    app()


def _silence_grpc() -> None:
    """Keep grpc-core's own lines off stderr; the bot logs its errors. Call before grpc loads."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")


def _give_up(text: str, exit_code: int) -> None:
    from bot.observe.logs import without_secrets

    for line in without_secrets(text).splitlines():
        typer.echo(f"teleport-chatops: {line}", err=True)
    raise typer.Exit(exit_code)
