"""Copies of the resources and users that the request form offers, for search without a call."""
