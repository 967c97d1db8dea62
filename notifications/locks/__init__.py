"""Locks on access requests, which the messages of these requests show."""
