"""From typed text to values."""
