"""A catalog that a server keeps."""
