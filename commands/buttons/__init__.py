"""Buttons besides those of reviews: cancel, details, lock, request again, extend."""
