"""Emoji names between colons.

Slack knows thousands of names. The sandbox converts common ones and shows the others as text, like
Slack shows unknown names.
"""

import re

_EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "alarm_clock": "⏰",
    "arrow_right": "➡️",
    "ballot_box_with_check": "☑️",
    "bell": "🔔",
    "bulb": "💡",
    "busts_in_silhouette": "👥",
    "calendar": "📆",
    "checkered_flag": "🏁",
    "clipboard": "📋",
    "clock1": "🕐",
    "eyes": "👀",
    "fire": "🔥",
    "gear": "⚙️",
    "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳",
    "information_source": "\u2139\ufe0f",
    "key": "🔑",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "link": "🔗",
    "lock": "🔒",
    "mag": "🔍",
    "memo": "📝",
    "no_entry": "⛔",
    "no_entry_sign": "🚫",
    "pray": "🙏",
    "question": "❓",
    "red_circle": "🔴",
    "rocket": "🚀",
    "rotating_light": "🚨",
    "smile": "😄",
    "stopwatch": "⏱️",
    "tada": "🎉",
    "thumbsdown": "👎",
    "thumbsup": "👍",
    "unlock": "🔓",
    "warning": "⚠️",
    "wastebasket": "🗑️",
    "wave": "👋",
    "white_check_mark": "✅",
    "x": "❌",
}
_NAME = re.compile(r":([a-z0-9_+-]+):")


def emoji(name: str) -> str:
    """Return the emoji, or the name between colons if the sandbox doesn't know it."""
    return _EMOJI.get(name, f":{name}:")


def convert_emoji(text: str) -> str:
    """Replace the known names between colons."""
    return _NAME.sub(lambda match: emoji(match[1]), text)
