"""Modals: the forms to request and to review."""
