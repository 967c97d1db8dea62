"""What Teleport allows and computes, as functions of roles, users and requests."""
