"""The control API for scripts and the page: user actions, reads, the journal, fault injection."""
