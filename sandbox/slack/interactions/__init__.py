"""User actions: from a control API request to an envelope, and from the ack to its effect."""
