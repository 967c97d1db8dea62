"""The gRPC services, and one module for the calls of each kind of resource."""
