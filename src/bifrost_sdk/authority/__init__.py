"""Where it is decided: the one implementation of Catalog, over any Store."""
