"""Listening: sessions, the log of events, what counts as a play, and the figures made of it."""
