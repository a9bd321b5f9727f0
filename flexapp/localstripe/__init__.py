"""The stand-in for Stripe in demo and tests: an own WSGI app on loopback, never in production."""
