"""What a supplier may ask for: the evidence pack, its files, and firmware changes (R2, R22)."""
