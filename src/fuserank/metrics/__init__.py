"""Measures of a ranking and of a decision."""
