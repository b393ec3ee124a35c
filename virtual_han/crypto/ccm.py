"""How Zigbee seals frames: AES-CCM* with a 4-octet tag, and the derived keys."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from ..errors import SecurityError
from .mmo import hmac

_KEY_TRANSPORT = b"\x00"
_SECURITY_LEVEL_5 = 0x05


def transport_key(link_key: bytes) -> bytes:
    """Return the key-transport key of a link key (Zigbee core 4.5.3)."""
    return hmac(link_key, _KEY_TRANSPORT)


def _nonce(sender: bytes, counter: int, control: int) -> bytes:
    return sender[::-1] + counter.to_bytes(4, "little") + bytes([control])


def seal(
    key: bytes,
    sender: bytes,
    counter: int,
    plain: bytes,
    header: bytes,
    *,
    control: int = _SECURITY_LEVEL_5,
) -> bytes:
    """Encrypt for a sender's EUI-64 (big-endian) and frame counter; the tag comes last.

    The nonce ends with the whole security control octet, level included
    (Zigbee core 4.5.2.2), and not with the level alone.
    """
    nonce = _nonce(sender, counter, control)
    return AESCCM(key, tag_length=4).encrypt(nonce, plain, header)


def unseal(
    key: bytes,
    sender: bytes,
    counter: int,
    sealed: bytes,
    header: bytes,
    *,
    control: int = _SECURITY_LEVEL_5,
) -> bytes:
    """Decrypt what `seal` made.

    Raises:
        SecurityError: another key, sender or counter sealed it, or it was changed.
    """
    try:
        nonce = _nonce(sender, counter, control)
        return AESCCM(key, tag_length=4).decrypt(nonce, sealed, header)
    except InvalidTag as err:
        raise SecurityError("the frame was sealed with another key") from err
