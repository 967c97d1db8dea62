"""Compare the bot with minimal programs that make the same calls: `make bench`."""
