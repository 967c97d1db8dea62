"""Conversions and calls of Teleport's services."""
