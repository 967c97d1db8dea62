"""The README and the pages in docs/ agree with the code."""

import re
import tomllib
from pathlib import Path

from bot.cli import app
from bot.settings.names import dotted, keys
from bot.settings.settings import Settings, load_settings
from commands.slash_commands import COMMANDS

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs/configuration.md").read_text()
PAGES = {path.name: path.read_text() for path in (ROOT / "docs").glob("*.md")}
DOCUMENTS = "".join((README, *PAGES.values()))


def test_every_setting_is_documented() -> None:
    """The page also has no unknown settings."""
    explained = set(re.findall(r"`([a-z_]+(?:\.[a-z_]+)?)`", CONFIGURATION.split("## Settings")[1]))
    known = set(map(dotted, keys(Settings)))
    assert known <= explained
    sections = {key.split(".")[0] for key in known if "." in key}
    assert {key for key in explained if key.split(".")[0] in sections and "." in key} <= known


def test_example_settings_are_valid(tmp_path: Path) -> None:
    """Read them from the page, with the secrets' files at their documented paths."""
    example = CONFIGURATION.split("```toml\n")[1].split("```")[0]
    for name in ("slack-bot-token", "slack-app-token"):
        (tmp_path / name).write_text("xoxb-1\n")
    (tmp_path / "settings.toml").write_text(example.replace("/run/secrets", str(tmp_path)))
    settings = load_settings(tmp_path / "settings.toml")
    assert settings.slack.token.get_secret_value() == "xoxb-1"
    assert settings.role_to_recipients["prod"][1] == "oncall-lead@example.com"
    assert tomllib.loads(example)


def test_every_command_is_documented() -> None:
    """Cover Slack commands and the command line."""
    for command in COMMANDS:
        assert f"`{command.name}" in PAGES["commands.md"]
    for registered in app.registered_commands:
        name = getattr(registered.callback, "__name__", "").replace("_", "-")
        assert f"teleport-chatops {name}" in DOCUMENTS or name == "version"


def test_every_make_target_exists() -> None:
    """The pages name no other targets, and docs/development.md names all of them."""
    makefile = (ROOT / "Makefile").read_text()
    rules = re.findall(r"^([a-z- ]+):", makefile, re.MULTILINE)
    targets = {target for rule in rules for target in rule.split()}
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", DOCUMENTS, re.MULTILINE))
    assert named <= targets
    assert targets <= set(re.findall(r"`make ([a-z-]+)", PAGES["development.md"]))


def test_every_link_between_pages_has_a_target() -> None:
    """Links to headings, too."""
    for folder, pages in ((ROOT, {"README.md": README}), (ROOT / "docs", PAGES)):
        for name, text in pages.items():
            for target in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", text):
                path, heading = target
                linked = folder / path if path else folder / name
                assert linked.exists(), (name, path)
                assert not heading or heading[1:] in _anchors(linked.read_text())
            for path in re.findall(r'(?:src|srcset)="([^"]+)"', text):
                assert (folder / path).exists(), (name, path)


def test_every_path_in_the_architecture_exists() -> None:
    """A path names a file or a folder from the root of the repository, or the end of one."""
    ends = {"/".join(path.parts[at:]) for path in _paths() for at in range(len(path.parts))}
    named = re.findall(r"`([\w.-]+/[\w./-]*|\w+\.(?:py|js))`", PAGES["architecture.md"])
    assert named
    assert {name for name in named if name.rstrip("/") not in ends} == set()


def test_architecture_lists_every_folder_of_the_packages() -> None:
    (tree,) = re.findall(r"```text\n(teleport_client/.*?)```", PAGES["architecture.md"], re.DOTALL)
    packages = ("bot", "commands", "notifications", "workspace", "teleport_client")
    folders = {path.parent.name for path in _paths(*packages) if path.suffix == ".py"}
    assert folders - set(re.findall(r"(\w+)/", tree)) == set()


def _paths(*tops: str) -> list[Path]:
    """Return all files and folders below visible folders of the root."""
    named = tops or [path.name for path in ROOT.iterdir() if not path.name.startswith(".")]
    found = (path for top in named for path in (ROOT / top, *(ROOT / top).rglob("*")))
    return [path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts]


def _anchors(text: str) -> set[str]:
    """Return the anchors of the headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_every_guarantee_names_an_existing_test() -> None:
    """A guarantee without its test proves nothing."""
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "reliability.md").read_text()))
    written = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert named
    assert {name for name in named if f"def {name}(" not in written} == set()
