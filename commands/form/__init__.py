"""The request form: its opening, its menus, the check of a selection, and its submission."""
