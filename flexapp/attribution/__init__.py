"""Touches and the rule that credits a line."""
