"""All that a stranger's page can see."""
