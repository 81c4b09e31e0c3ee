"""The Store in plain Python: for tests, examples and whatever needs a catalog without a file."""
