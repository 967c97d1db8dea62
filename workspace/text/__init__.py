"""Pure functions that turn names, reasons and resources into safe texts of a limited length."""
