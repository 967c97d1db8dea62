"""The ledger in Teleport's plugin data."""
