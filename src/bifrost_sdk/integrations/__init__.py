"""Programs and formats of others that work with a catalog; each has its own extra."""
