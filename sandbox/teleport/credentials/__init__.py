"""Certificates and identity files, and what a certificate says about its holder."""
