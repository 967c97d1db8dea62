"""A message and every version that it ever had."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from sandbox.slack.wire import Blocks, JsonObject


@dataclass(frozen=True)
class Content:
    """What one version of a message says."""

    text: str = ""
    blocks: Blocks = field(default_factory=list)
    metadata: JsonObject | None = None
    attachments: list[JsonObject] = field(default_factory=list)


@dataclass
class Message:
    """One message; `shown_to` names the only person who sees an ephemeral one."""

    ts: str
    channel: str
    user: str
    versions: list[Content]
    thread_ts: str | None = None
    shown_to: str | None = None
    deleted: bool = False

    @property
    def content(self) -> Content:
        return self.versions[-1]

    @property
    def blocks(self) -> Blocks:
        return self.content.blocks

    @property
    def attached_blocks(self) -> dict[int, Blocks]:
        """Blocks of the attachments, by attachment ID."""
        return {each["id"]: each.get("blocks") or [] for each in self.content.attachments}

    @property
    def all_blocks(self) -> Blocks:
        """The message's own blocks and the blocks of its attachments."""
        return [*self.blocks, *chain.from_iterable(self.attached_blocks.values())]

    @property
    def ephemeral(self) -> bool:
        return self.shown_to is not None

    @property
    def is_visible(self) -> bool:
        """Whether everybody sees it."""
        return not self.deleted and not self.ephemeral

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def edit(self, content: Content) -> None:
        """Show something new."""
        self.versions.append(content)

    def history(self) -> Iterator["Message"]:
        """The message as clients that lag still show it, the newest version first."""
        for end in range(len(self.versions), 0, -1):
            yield replace(self, versions=self.versions[:end])
