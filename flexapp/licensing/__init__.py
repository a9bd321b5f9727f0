"""Licenses, exclusivity and delivery."""
