"""Questions about whole documents: summaries, differences, lists, sums and counts. Knows no store.

`routing` tells such a question from an ordinary one; each of the others does one kind of work on what
pipeline/whole.py brings: documents, their passages, and an encoder or a language model where there are.
"""
