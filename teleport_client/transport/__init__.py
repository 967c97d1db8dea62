"""TLS, and every way to reach the Auth Service."""
