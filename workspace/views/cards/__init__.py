"""The card of an access request, one part of the card per file."""
