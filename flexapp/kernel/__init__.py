"""Pure values every floor may use; imports nothing of ours."""
