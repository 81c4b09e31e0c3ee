"""One port in one technology each; adapters never import each other."""
