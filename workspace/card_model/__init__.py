"""What the card of an access request shows: the stored model, its status, and how it is built."""
