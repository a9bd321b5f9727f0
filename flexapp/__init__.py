"""The server behind the beat player: catalog, licenses, listens, sales and proceeds."""

__version__ = "0.1.0"
