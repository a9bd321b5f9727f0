"""Webhooks in: verify, store, answer."""
