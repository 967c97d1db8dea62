"""Copies of Teleport's objects that follow Teleport: list, watch, relist, confirmed absence."""
