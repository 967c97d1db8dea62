"""Use cases: the Teleport calls behind commands, buttons and forms, without Bolt or views."""
