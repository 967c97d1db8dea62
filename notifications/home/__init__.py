"""The work on App Home: publishes the tabs that users have opened on this replica."""
