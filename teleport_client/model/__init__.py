"""Frozen values of Teleport resources."""
