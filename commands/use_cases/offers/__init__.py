"""The choices in the request form: resources to request, and users who can review the request."""
