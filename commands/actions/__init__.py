"""What commands, buttons and forms do in Teleport."""
