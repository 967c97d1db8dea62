"""Commands for the operator: manifest, role, link and doctor."""
