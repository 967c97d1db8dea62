"""Health, metrics, logs and the clock."""
