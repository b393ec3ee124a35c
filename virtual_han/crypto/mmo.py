"""AES-MMO and what Smart Energy builds from it: HMAC, key derivation, install codes."""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK: Final = 16
_CRC_REFLECTED: Final = 0x8408


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def hash_octets(data: bytes) -> bytes:
    """Return the Matyas-Meyer-Oseas hash over AES-128 (Zigbee core B.6), 16 octets.

    Takes up to 8191 octets, far more than any use of it here.
    """
    padded = data + b"\x80"
    padded += bytes(-(len(padded) + 2) % BLOCK) + (len(data) * 8).to_bytes(2)
    digest = bytes(BLOCK)
    for start in range(0, len(padded), BLOCK):
        block = padded[start : start + BLOCK]
        encryptor = Cipher(algorithms.AES(digest), modes.ECB()).encryptor()
        digest = _xor(encryptor.update(block), block)
    return digest


def hmac(key: bytes, message: bytes) -> bytes:
    """Return HMAC (FIPS 198) over AES-MMO for a 16-octet key."""
    inner = hash_octets(_xor(key, b"\x36" * BLOCK) + message)
    return hash_octets(_xor(key, b"\x5c" * BLOCK) + inner)


def derive(shared_secret: bytes) -> tuple[bytes, bytes]:
    """Return MacKey and KeyData of a shared secret (ANSI X9.63 key derivation)."""
    mac_key, key_data = (hash_octets(shared_secret + n.to_bytes(4)) for n in (1, 2))
    return mac_key, key_data


def crc_x25(data: bytes) -> int:
    """Return CRC-16/X-25, which guards an install code."""
    crc = 0xFFFF
    for octet in data:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC_REFLECTED if crc & 1 else 0)
    return crc ^ 0xFFFF


def with_crc(install_code: bytes) -> bytes:
    """Return an install code of 6, 8, 12 or 16 octets with its CRC, low octet first."""
    return install_code + crc_x25(install_code).to_bytes(2, "little")


def install_code_key(install_code: bytes) -> bytes:
    """Return the link key of an install code given without its CRC."""
    return hash_octets(with_crc(install_code))
