"""Pictures as text: graphs laid out in layers, charts, and pages that need nothing but themselves."""
