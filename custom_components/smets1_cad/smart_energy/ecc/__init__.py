"""Elliptic curves over GF(2^m) in pure Python: sect163k1 and sect283k1 (SEC 2).

The `cryptography` package no longer offers binary curves, and no other package that
Home Assistant ships does. The arithmetic is fast but not constant in time: use it where
nobody can time single operations of the host.
"""

from .koblitz import SECT163K1, SECT283K1, KoblitzCurve, Point, PointError

__all__ = ["SECT163K1", "SECT283K1", "KoblitzCurve", "Point", "PointError"]
