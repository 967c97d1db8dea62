"""A Teleport Auth Service with mutual TLS and gRPC: its server, and parts that folders share.

State is in memory. The rules, their order and their texts are Teleport's. It implements one cluster
with access requests, users, roles, plugin data, semaphores, locks and nodes.
"""
