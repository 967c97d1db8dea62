"""Certificates and identity files, and the identity that a certificate contains."""
