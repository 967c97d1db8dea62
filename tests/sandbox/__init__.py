"""Tests of the sandbox: its stand-ins reject the same calls as the real servers."""
