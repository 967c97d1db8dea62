"""The state of the workspace: who is in it, what was said, which forms are open."""
