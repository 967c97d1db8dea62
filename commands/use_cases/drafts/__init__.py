"""Checks of single fields of a request's draft."""
