"""Multilingual Search BERT: the encoder, taught by documents what belongs together across languages."""
