"""The content of a card: the stored model, its status, and its construction from a request."""
