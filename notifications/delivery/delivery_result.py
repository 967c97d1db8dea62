"""The result of sending one message, and how the ledger's entry changes with it."""

from dataclasses import dataclass
from datetime import datetime

from notifications.records.entry import Entry, Intent, PostedMessage


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """An intent that is neither fulfilled nor undelivered stays open: Slack may have the message.

    Results are applied to the newest entry, which can have changed while the message was sent.
    """

    message: PostedMessage | None = None
    """The message as Slack has it now."""
    fulfilled_key: str = ""
    """Key of the intent of a new message. An updated message is identified by its `ts`."""
    undelivered_key: str = ""
    """Key of an intent whose message Slack certainly doesn't have."""
    retry_at: datetime | None = None
    """Earliest time of the next attempt."""
    error: Exception | None = None
    """Set if the queue has to retry the request with backoff."""
    replacement: Intent | None = None
    """Intent of a card that replaces one that can't be updated."""

    def apply_to(self, entry: Entry) -> Entry:
        """Return the entry with this result, unless the slot has been replaced since."""
        if self.replacement:
            entry = entry.without_message(self.replacement.slot).with_intents((self.replacement,))
        if self.undelivered_key:
            entry = entry.mark_undelivered(self.undelivered_key, self.retry_at)
        if self.message is None or not self._is_current(self.message, entry):
            return entry
        return entry.with_message(self.message)

    def _is_current(self, message: PostedMessage, entry: Entry) -> bool:
        if self.fulfilled_key:
            return any(intent.key == self.fulfilled_key for intent in entry.intents)
        before = entry.message_for(message.slot)
        return before is not None and before.ts == message.ts
