"""A show that lies there already, in the words of a catalog: pure, from paths and sizes to changes."""
