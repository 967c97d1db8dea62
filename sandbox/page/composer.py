"""The field for messages and slash commands."""

from dataclasses import dataclass

from sandbox.cast import Person
from sandbox.page.titles import conversation_title
from sandbox.slack.interactions.typed_messages import posting_problem
from sandbox.slack.manifest.features import NO_FEATURES, Shortcut, SlashCommand
from sandbox.slack.workspace.conversations import Conversation
from sandbox.slack.workspace.state import Workspace

_PROBLEMS = {
    "not_in_channel": "Only members of this channel can write here.",
    "is_archived": "This channel is archived.",
}


@dataclass(frozen=True)
class Composer:
    """One field. `id` is unique on the page, `key` belongs to the conversation."""

    id: str
    key: str
    label: str
    placeholder: str
    """A shorter label, which fits into a narrow field."""
    problem: str | None
    """The reason why the person can't write here."""
    commands: tuple[SlashCommand, ...] = ()
    """Completions, none in a thread."""
    shortcuts: tuple[Shortcut, ...] = ()


def channel_composer(
    workspace: Workspace, person: Person, conversation: Conversation, pane: int
) -> Composer:
    features = workspace.app.features or NO_FEATURES
    return Composer(
        id=f"composer-{pane}",
        key=f"composer {person.name} {conversation.name}",
        label=f"Message {conversation_title(workspace, conversation)}, or type / for commands",
        placeholder="Message, or / for commands",
        problem=_problem(workspace, person, conversation),
        commands=tuple(features.commands.values()),
        shortcuts=features.shortcuts_of("global"),
    )


def thread_composer(
    workspace: Workspace, person: Person, conversation: Conversation, pane: int, ts: str
) -> Composer:
    return Composer(
        id=f"thread-composer-{pane}",
        key=f"composer {person.name} {conversation.name} {ts}",
        label="Reply in the thread",
        placeholder="Reply in the thread",
        problem=_problem(workspace, person, conversation),
    )


def _problem(workspace: Workspace, person: Person, conversation: Conversation) -> str | None:
    problem = posting_problem(workspace, person.slack_user_id, conversation)
    return problem and _PROBLEMS.get(problem, problem)
