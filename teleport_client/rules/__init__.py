"""Pure functions that apply Teleport's rules to frozen values."""
