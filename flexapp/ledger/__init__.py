"""Double-entry books that know accounts, amounts and references only."""
