"""Tests of the sandbox's Slack."""
