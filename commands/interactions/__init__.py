"""From an envelope to its ack, its work and its private response."""
