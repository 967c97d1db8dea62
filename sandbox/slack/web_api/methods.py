"""The methods that the stand-in serves."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from sandbox.slack.pace import Tier
from sandbox.slack.web_api import auth, chat, conversations, users, views
from sandbox.slack.web_api.call import Call, TokenKind
from sandbox.slack.wire import JsonObject


@dataclass(frozen=True)
class Method:
    """The requirements of a method, and its function.

    A method of a conversation checks further scopes itself, because they depend on the
    conversation's kind. A method without `tokens` needs no token.
    """

    perform: Callable[[Call], JsonObject]
    tier: Tier
    scopes: tuple[str, ...] = ()
    tokens: Collection[TokenKind] = (TokenKind.BOT,)
    paced_by_channel: bool = False


METHODS = {
    "api.test": Method(auth.echo, Tier.FOUR, tokens=()),
    "apps.connections.open": Method(auth.open_connection, Tier.THREE, tokens=(TokenKind.APP,)),
    "auth.test": Method(auth.test, Tier.SPECIAL, tokens=(TokenKind.BOT, TokenKind.APP)),
    "bots.info": Method(auth.bot_info, Tier.THREE, ("users:read",)),
    "chat.delete": Method(chat.delete, Tier.THREE, ("chat:write",)),
    "chat.getPermalink": Method(chat.permalink, Tier.SPECIAL),
    "chat.postEphemeral": Method(chat.post_ephemeral, Tier.FOUR, ("chat:write",)),
    "chat.postMessage": Method(
        chat.post_message, Tier.SPECIAL, ("chat:write",), paced_by_channel=True
    ),
    "chat.update": Method(chat.update, Tier.THREE, ("chat:write",)),
    "conversations.history": Method(conversations.history, Tier.THREE),
    "conversations.info": Method(conversations.info, Tier.THREE),
    "conversations.list": Method(conversations.list_conversations, Tier.TWO),
    "conversations.members": Method(conversations.members, Tier.FOUR),
    "conversations.open": Method(conversations.open_direct, Tier.THREE, ("im:write",)),
    "conversations.replies": Method(conversations.replies, Tier.THREE),
    "usergroups.users.list": Method(auth.usergroup_users, Tier.TWO, ("usergroups:read",)),
    "users.conversations": Method(conversations.list_joined, Tier.THREE),
    "users.info": Method(users.info, Tier.FOUR, ("users:read",)),
    "users.list": Method(users.list_users, Tier.TWO, ("users:read",)),
    "users.lookupByEmail": Method(users.lookup_by_email, Tier.THREE, ("users:read.email",)),
    "views.open": Method(views.open_view, Tier.FOUR),
    "views.publish": Method(views.publish_view, Tier.FOUR),
    "views.push": Method(views.push_view, Tier.FOUR),
    "views.update": Method(views.update_view, Tier.FOUR),
}
