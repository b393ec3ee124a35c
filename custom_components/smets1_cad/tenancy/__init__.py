"""Change of tenancy: noticed, asked about, carried out (R20)."""
