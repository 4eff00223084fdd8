"""The answer policy: the small model that writes answers, tuned on which of its drafts were better."""
