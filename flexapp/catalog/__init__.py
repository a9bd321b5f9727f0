"""Tracks, their files and the license types they are offered under."""
