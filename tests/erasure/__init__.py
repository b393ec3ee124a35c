"""Erasure of a tenancy, with canaries in every place where its data may be."""
