"""What both streets use of Slack: who is who, what is shown, and the one place that sends."""
