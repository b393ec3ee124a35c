"""Consent: its wording, its record, its life and its end (R1, R2)."""
