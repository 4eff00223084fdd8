"""How good is this answer, along each dimension? Pairs made of gold answers, a small head, its card."""
