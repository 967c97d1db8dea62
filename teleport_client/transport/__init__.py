"""Connections that carry bytes to the Auth Service, from TLS and proxies to the gRPC channel."""
