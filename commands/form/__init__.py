"""The request form: how it opens, what its menus offer, and the check of a selection."""
