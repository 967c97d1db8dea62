"""Manifest files."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from sandbox.slack.block_kit.schema import Problem
from sandbox.slack.json_text import parse_json
from sandbox.slack.manifest.rules import manifest_problems
from sandbox.slack.wire import JsonObject


class ManifestError(Exception):
    """A manifest that can't be installed. The text has one line per invalid key."""

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> "ManifestError":
        """Return the error with the path of each invalid key."""
        lines = (f"  {problem.path or '/'}: {problem.sentence}" for problem in problems)
        return cls("\n".join(["Slack rejects this app manifest:", *lines]))


def load_manifest(file: Path) -> JsonObject:
    """Return the manifest in a JSON or YAML file. Raises ManifestError."""
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"The app manifest {file} can't be read: {error}") from error
    return check_manifest(parse_manifest(text))


def parse_manifest(text: str) -> object:
    """Return the value of a JSON or YAML text. Raises ManifestError if it is neither."""
    try:
        if text.lstrip().startswith("{"):
            return parse_json(text)
        return yaml.safe_load(text)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise ManifestError(f"The app manifest is neither JSON nor YAML: {error}") from error


def check_manifest(manifest: object) -> JsonObject:
    """Return the manifest if Slack accepts it. Raises ManifestError."""
    if problems := manifest_problems(manifest):
        raise ManifestError.of(problems)
    assert isinstance(manifest, dict)  # noqa: S101 - the schema has checked it
    return manifest
