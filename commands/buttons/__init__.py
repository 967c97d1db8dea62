"""Buttons whose clicks need more than a review: cancel, request again, extend."""
