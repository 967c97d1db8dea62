"""A Teleport proxy before the Auth Service: TLS routing, and what stands behind a load balancer."""
