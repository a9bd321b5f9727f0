"""HTML for producers and affiliates."""
