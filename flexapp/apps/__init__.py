"""Flex apps: sources, lineup, placements."""
