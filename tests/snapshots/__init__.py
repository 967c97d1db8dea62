"""Readable texts of every view, so that a diff shows the effect of a change on users."""
