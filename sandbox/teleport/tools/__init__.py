"""`tsh` and `tctl` for the sandbox: commands, resource forms, output formats and sessions."""
