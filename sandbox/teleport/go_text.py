"""Values as Go prints them, for texts that must read like Teleport's."""

import json
from datetime import timedelta


def quoted(text: str) -> str:
    """As `%q` writes a string."""
    return json.dumps(text, ensure_ascii=False)


def go_duration(duration: timedelta) -> str:
    """Rounded to seconds, such as `336h0m0s`."""
    seconds = round(duration.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{sign}{hours}h{minutes}m{seconds}s"
    return f"{sign}{minutes}m{seconds}s" if minutes else f"{sign}{seconds}s"
