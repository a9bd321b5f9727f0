"""What payees are owed and when."""
