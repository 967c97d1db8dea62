"""What people see: pure functions from models to Slack's blocks. Nothing here sends anything."""
