"""The process: settings, everything put together, start and stop."""
