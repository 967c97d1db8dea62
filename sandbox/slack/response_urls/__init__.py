"""Response URLs: the addresses that Slack adds to interactions, and their endpoint."""
