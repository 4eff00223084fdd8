"""The cited answer: a small language model taught to write one right sentence and the number of its quote."""
