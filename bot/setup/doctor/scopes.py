"""Rows about the scopes of the bot token, from the feature table."""

from collections.abc import Iterator

from bot.features.availability import missing_scopes, scope_hint
from bot.features.feature import Choices, Feature
from bot.features.table import FEATURES
from bot.setup.doctor.check import Check, failure, off, ok, warning


def scope_rows(choices: Choices, scopes: frozenset[str]) -> Iterator[Check]:
    """Yield a row for the printed manifest's scopes, and one for those that the operator adds."""
    lacking = {each: missing for each in FEATURES if (missing := missing_scopes(each, scopes))}
    yield _manifest_scopes(choices, {f: m for f, m in lacking.items() if not f.opt_in})
    opt_in = [f"{', '.join(m)} ({f.without})" for f, m in lacking.items() if f.opt_in]
    name = "slack opt-in scopes"
    yield off(name, f"not granted: {'; '.join(opt_in)}") if opt_in else ok(name, "all granted")


def _manifest_scopes(choices: Choices, lacking: dict[Feature, tuple[str, ...]]) -> Check:
    name = "slack scopes"
    if not lacking:
        return ok(name, "all granted")
    missing = dict.fromkeys(scope for scopes in lacking.values() for scope in scopes)
    required = [f for f in lacking if f.is_on(choices) and not f.optional]
    effects = dict.fromkeys(feature.without for feature in lacking)
    detail = f"the bot token lacks {', '.join(missing)}: {'; '.join(effects)}"
    return (failure if required else warning)(name, detail, scope_hint([*missing]))
