"""One file for each Teleport service: its calls and the conversions of its messages."""
