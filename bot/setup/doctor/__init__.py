"""Checks of a setup: one file for each part that is checked, and the order of the rows."""
