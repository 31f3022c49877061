"""Seeing rankers: two of them query by query, and all that is known of a dataset's rankers in one folder."""
