"""What arrived from outside, once."""
