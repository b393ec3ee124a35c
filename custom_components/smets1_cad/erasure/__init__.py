"""Erase what Home Assistant keeps of a tenancy, and prove that it is gone (R20, R23)."""
