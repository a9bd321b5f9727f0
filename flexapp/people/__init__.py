"""Persons, their sessions, API tokens and what they may do."""
