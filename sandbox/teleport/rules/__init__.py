"""Teleport's rules for permissions, reviews and lifetimes, as functions of roles and users."""
