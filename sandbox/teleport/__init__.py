"""A Teleport Auth Service for development: real mutual TLS and gRPC, state in memory.

Its rules, their order and their texts are Teleport's. It knows access requests and what
they touch (users, roles, plugin data, semaphores, nodes), and one cluster.
"""
