"""The ranker: which of the found passages answers. Trained with the reader, in one form; see card.md."""
