"""How calls of a Catalog and their answers cross a process boundary, as JSON; pure, and the same on both sides."""
