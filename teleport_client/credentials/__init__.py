"""Identity files, their issuers, and credentials that are reloaded."""
