"""One reward of several that cannot all be fooled at once: gates, bounds, the worst of them. Numpy alone."""
