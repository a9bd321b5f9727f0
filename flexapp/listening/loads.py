"""Loads: documents that the server handed out. Nobody waits for them to be stored."""

from __future__ import annotations

from flexapp.listening.dimensions import UNKNOWN, Dimensions
from flexapp.listening.ingest import Ingest
from flexapp.listening.rows import load_row
from flexapp.listening.sessions import SessionClaims


def record(ingest: Ingest, claims: SessionClaims, dimensions: Dimensions = UNKNOWN) -> None:
    """Note that the document of this session was handed out; once, however often it is called."""
    ingest.later([load_row(claims, dimensions)])
