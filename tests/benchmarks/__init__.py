"""Speed as ratios in one run: against the limit, against the naive way."""
