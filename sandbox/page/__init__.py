"""The sandbox's web page: a workspace as two people see it, and a panel for Teleport."""
