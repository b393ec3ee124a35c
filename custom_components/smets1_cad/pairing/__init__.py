"""The pairing request: who asks, for what, in which words, and how far it is (R3 to R8)."""
