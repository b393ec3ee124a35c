"""Test credentials as people have them."""

from virtual_han.crypto.ecqv import Credentials


def certificate_text(made: Credentials) -> str:
    """Return credentials as text to paste."""
    return (
        f"CA Public Key: {made.ca_public_key.hex()}\n"
        f"Device Implicit Cert: {made.certificate.hex()}\n"
        f"Device Private Key: {made.private_key.hex()}\n"
    )
