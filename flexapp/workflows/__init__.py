"""One business verb a file; crosses domains, knows no HTTP."""
