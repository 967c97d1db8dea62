"""Credentials of the client: identity files, their checks, and reloading them."""
