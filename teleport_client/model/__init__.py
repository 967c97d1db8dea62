"""Frozen values of Teleport resources; they import nothing from this package."""
