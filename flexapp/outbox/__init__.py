"""What must be done after the commit."""
