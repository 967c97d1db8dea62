"""What the command line tools of the sandbox are made of."""
