"""A catalog served over HTTP: the same authority, asked from other machines. Needs the extra ``server``."""
