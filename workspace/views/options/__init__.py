"""Options of menus and checkboxes in modals, within Slack's limits."""
