"""HTML for visitors."""
