"""Values that mean "no value" (ZCL 2.6.2: the non-value of each data type)."""


def unsigned(raw: int | None, bits: int) -> int | None:
    """Give an unsigned integer, or None where it is the non-value (all ones).

    Args:
        raw: the attribute as read, or None where it was not read.
        bits: the width of its type on the air: 8, 16, 24, 32, 48 or 64.
    """
    if raw is None or raw == (1 << bits) - 1:
        return None
    return raw


def signed(raw: int | None, bits: int) -> int | None:
    """Give a signed integer, or None where it is the non-value (the least one).

    Takes what a decoder made of the octets (already signed), and what other
    programs print: the bare two's complement (int24 0xFFFC18 is -1000) and the
    same extended to more bits (0xFFFFFC18). int24 0x800000, which unfiltered
    reads -8388.608 kW, is None.
    """
    if raw is None:
        return None
    half = 1 << (bits - 1)
    value = (raw & (2 * half - 1) ^ half) - half
    return None if value == -half else value
