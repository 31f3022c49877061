"""Applications made of the library's parts: datasets, settings and steps."""
