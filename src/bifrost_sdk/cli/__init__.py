"""The command: what a person types, over the same session that programs use."""
