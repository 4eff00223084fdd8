"""Measure search: suites and metrics. Knows callables and files, never models or the index."""
