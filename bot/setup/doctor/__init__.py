"""`teleport-chatops doctor`: what is set up, what is not, and what to do about it."""
