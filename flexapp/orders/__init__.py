"""Orders, their items, prices and proceeds."""
