"""Measure search: suites, run files, metrics. Knows callables and files, never models or the index."""
