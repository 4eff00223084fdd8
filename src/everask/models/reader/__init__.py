"""The reader: which words of a text answer, or none. Trains the question form, for the ranker too."""
