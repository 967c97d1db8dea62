"""Settings from TOML, environment and flags, and their mistakes."""
