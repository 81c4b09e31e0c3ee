"""Paths described once and understood both ways: tokens, templates, sets of them, and the proof that a set is clear."""
