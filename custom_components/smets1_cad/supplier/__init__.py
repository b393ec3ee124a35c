"""Suppliers and pairing services: how they are reached, and what they answer (R6 to R8)."""
