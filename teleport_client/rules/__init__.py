"""Pure functions that apply Teleport's rules."""
