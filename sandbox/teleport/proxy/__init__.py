"""A Teleport proxy: TLS routing, and connection upgrades behind a load balancer."""
