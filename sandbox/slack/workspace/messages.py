"""A message and its versions."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from sandbox.slack.wire import Blocks, JsonObject


@dataclass(frozen=True)
class Content:
    """The content of one version of a message."""

    text: str = ""
    blocks: Blocks = field(default_factory=list)
    metadata: JsonObject | None = None
    attachments: list[JsonObject] = field(default_factory=list)


@dataclass
class Message:
    """One message. `shown_to` is the recipient of an ephemeral message."""

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
        """Whether the message is public and still exists."""
        return not self.deleted and not self.ephemeral

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def edit(self, content: Content) -> None:
        """Add a version."""
        self.versions.append(content)

    def history(self) -> Iterator["Message"]:
        """Yield the versions, newest first. A client that lags still shows an older one."""
        for end in range(len(self.versions), 0, -1):
            yield replace(self, versions=self.versions[:end])
