"""Tests, in one folder for each kind of test."""
