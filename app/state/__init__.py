"""What the application is showing and doing, as plain evented Python: no Qt, no torch."""
