"""Process rewards: how likely each step of an answer was right, by what was known at it."""
