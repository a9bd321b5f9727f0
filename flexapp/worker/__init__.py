"""The surface without HTTP: inbox, outbox, periodic jobs."""
