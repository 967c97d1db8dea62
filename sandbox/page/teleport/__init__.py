"""The content of the Teleport panel."""
