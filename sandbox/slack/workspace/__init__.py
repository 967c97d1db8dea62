"""The workspace in memory: people, conversations, messages, views and the installed app."""
