"""Parse typed text into drafts, reasons and durations."""
