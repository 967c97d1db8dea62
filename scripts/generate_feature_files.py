"""Write the files that are generated from the feature table: `deploy/` and docs/features.md.

`--check` fails if a file differs.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.features.feature import ALL_MODES, Choices, Feature, ManifestEntry, RoleField
from bot.features.table import FEATURES
from bot.setup.manifest import manifest
from bot.setup.teleport_role import resources, tbot
from workspace.requests.review_policy import ReviewMode

ROOT = Path(__file__).parent.parent
_INTRODUCTION = """\
# Features

`make features` generates this page from `bot/features/table.py`. If a permission or a scope is
missing, only the features that need it are disabled. The log then has one `feature_disabled` event
for each of them, and `teleport-chatops doctor` shows the missing permission and its effect. A
bot that can't list and read access requests doesn't start.

`teleport-chatops teleport-role` prints a role with the permissions, and `teleport-chatops manifest`
prints an app manifest with the scopes and entries. Scopes marked *opt-in* aren't in the manifest:
add them to the app under OAuth & Permissions.
"""
_NONE = "-"


def generated_files() -> dict[str, str]:
    """Return the text of each file by its path in the repository."""
    return {
        "deploy/slack-manifest.json": json.dumps(manifest(), indent=2) + "\n",
        "deploy/tbot.yaml": tbot(),
        **{
            f"deploy/teleport-{mode}.yaml": resources(Choices(mode=mode))
            for mode in (ReviewMode.PERSON, ReviewMode.OVERRIDE, ReviewMode.NOTIFY)
        },
        "docs/features.md": features_page(),
    }


def features_page() -> str:
    """Return the page with one table of the features, and one of all reasons."""
    return "\n".join(
        [
            _INTRODUCTION,
            *_table(("feature", "contents", "setting", "without it"), map(_feature_row, FEATURES)),
            "",
            "## Permissions, scopes and manifest entries",
            "",
            *_table(("feature", "needs", "reason"), _need_rows()),
            "",
        ]
    )


def _feature_row(feature: Feature) -> tuple[str, ...]:
    settings = ", ".join(f"`{key}`" for key in feature.setting.split(", ") if key)
    return f"`{feature.name}`", feature.summary, settings or _NONE, feature.without


def _need_rows() -> Iterator[tuple[str, ...]]:
    for feature in FEATURES:
        for need, reason in _needs(feature):
            yield f"`{feature.name}`", need, reason


def _needs(feature: Feature) -> Iterator[tuple[str, str]]:
    for rule in feature.rules:
        yield f"Teleport `{rule.resource}`: {', '.join(rule.verbs)}", rule.reason
    for field in feature.fields:
        yield f"Teleport `{field.path}`{_modes(field)}", field.reason
    for scope in feature.scopes:
        yield f"Slack scope `{scope.name}`{' (opt-in)' if feature.opt_in else ''}", scope.reason
    for entry in feature.manifest:
        yield f"manifest `{'.'.join(entry.path)}`{_commands(entry)}", entry.reason


def _modes(field: RoleField) -> str:
    if field.modes == ALL_MODES:
        return ""
    modes = [f"`{mode}`" for mode in ReviewMode if mode in field.modes - {ReviewMode.OFF}]
    return f" in mode {' and '.join(modes)}"


def _commands(entry: ManifestEntry) -> str:
    values = entry.value if isinstance(entry.value, list) else []
    names = [f"`{value['command']}`" for value in values if "command" in value]
    return f": {', '.join(names)}" if names else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in (head, tuple("---" for _ in head), *rows):
        yield f"| {' | '.join(row)} |"


def main() -> None:
    texts = generated_files()
    different = [
        name
        for name, text in texts.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text() != text
    ]
    if "--check" in sys.argv[1:]:
        if different:
            sys.exit(f"out of date, run `make features`: {', '.join(different)}")
        return
    for name in different:
        (ROOT / name).write_text(texts[name])


if __name__ == "__main__":
    main()
