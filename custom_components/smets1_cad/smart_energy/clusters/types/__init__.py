"""Enumerations, bitmaps and nibble fields of Smart Energy, as zigpy types.

Names are those of the cluster library, in capitals with underscores; one that
starts with a digit has `N_` before it. Where a field packs numbers (a nibble
for the tier, another for the decimal point) the type is an `IntStruct`, as
zigpy's own `NumberFormatting` is.
"""
