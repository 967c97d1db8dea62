"""Options that the commands `sandbox` and `demo` share."""

from typing import Annotated, TypeAlias

import typer

from sandbox.teleport.editions import full_version


def _checked_version(text: str) -> str:
    """Return the version with three numbers, or exit with a sentence."""
    try:
        return full_version(text)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


ServerVersion: TypeAlias = Annotated[
    str, typer.Option(help="Teleport version, such as 17.4.0.", callback=_checked_version)
]
