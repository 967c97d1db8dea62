"""Private responses to commands, buttons and forms."""
