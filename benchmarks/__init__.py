"""Measures the bot against bare programs that do nothing but the same calls: `make bench`."""
