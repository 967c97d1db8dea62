"""App Home: the requests that concern a user, or why the tab shows none."""
