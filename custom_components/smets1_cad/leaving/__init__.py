"""Leaving: consent withdrawn, a CAD unpaired, an entry removed (R2, R19)."""
