"""The controller: leader election, and the kinds of work with or without the lease."""
