"""What a stick keeps when it loses power: tokens, keys, counters and its network."""

from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Any, Final, Self

from ..crypto.ecqv import Credentials
from ..crypto.suite import SUITES
from ..errors import FlashError

FORMAT: Final = 1
COUNTER_STEP: Final = 4096
"""Counters are written rarely, so a stick that starts skips what it may have used."""


@dataclass(slots=True)
class StoredNetwork:
    """A network that the stick has joined.

    Attributes:
        node_type: 2 router, 3 end device, 4 sleepy end device.
        address: its own short address.
        channel: 11 to 26.
        pan_id: 16 bits.
        extended_pan_id: 8 octets, big-endian.
        key: the network key.
        key_sequence: its number.
        trust_centre: the hub's EUI-64.
        next_key: a key that has been handed out but not yet switched to, with its number.
    """

    node_type: int
    address: int
    channel: int
    pan_id: int
    extended_pan_id: bytes
    key: bytes = field(repr=False)
    key_sequence: int
    trust_centre: bytes
    next_key: tuple[bytes, int] | None = field(default=None, repr=False)


@dataclass(slots=True)
class Flash:
    """Everything that outlives a reset; bound to a file, it outlives the process too.

    Attributes:
        eui64: the stick's own, big-endian.
        link_key: the trust centre link key.
        install_code: without its CRC; empty where none was written.
        network: the network joined, or None.
        network_counter: the outgoing network frame counter.
        aps_counter: the outgoing APS security counter.
        cbke: certificate data by suite bit.
        tokens: NVM3 tokens by number.
        custom_eui64: whether the EUI-64 token has been written; it can be only once.
        path: the file, or None.
    """

    eui64: bytes
    link_key: bytes = field(default=b"", repr=False)
    install_code: bytes = field(default=b"", repr=False)
    network: StoredNetwork | None = None
    network_counter: int = 0
    aps_counter: int = 0
    cbke: dict[int, Credentials] = field(default_factory=dict)
    tokens: dict[int, bytes] = field(default_factory=dict, repr=False)
    custom_eui64: bool = False
    path: Path | None = None

    @classmethod
    def open(cls, path: Path, eui64: bytes) -> Self:
        """Return what a file holds, or a fresh stick with this EUI-64 if there is no file.

        Raises:
            FlashError: the file is not a flash file of this format.
        """
        if not path.exists():
            return cls(eui64, path=path)
        try:
            flash = cls._decode(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            raise FlashError(
                f"{path.name} is not a flash file; delete it to start afresh"
            ) from err
        flash.path = path
        flash.network_counter += COUNTER_STEP
        flash.aps_counter += COUNTER_STEP
        flash.save()
        return flash

    @classmethod
    def _decode(cls, stored: dict[str, Any]) -> Self:
        if stored["format"] != FORMAT:
            raise ValueError("another format")
        network = stored["network"]
        if network is not None:
            pending = network["next_key"]
            network = StoredNetwork(
                **network
                | {
                    name: bytes.fromhex(network[name])
                    for name in ("extended_pan_id", "key", "trust_centre")
                }
                | {"next_key": pending and (bytes.fromhex(pending[0]), pending[1])}
            )
        return cls(
            eui64=bytes.fromhex(stored["eui64"]),
            link_key=bytes.fromhex(stored["link_key"]),
            install_code=bytes.fromhex(stored["install_code"]),
            network=network,
            network_counter=stored["network_counter"],
            aps_counter=stored["aps_counter"],
            cbke={
                int(bit): Credentials(
                    SUITES[int(bit)], *(bytes.fromhex(part) for part in parts)
                )
                for bit, parts in stored["cbke"].items()
            },
            tokens={
                int(number): bytes.fromhex(octets)
                for number, octets in stored["tokens"].items()
            },
            custom_eui64=stored["custom_eui64"],
        )

    def save(self) -> None:
        """Write the file, if the flash has one, in one step; only its owner can read it."""
        if self.path is None:
            return
        network = self.network and asdict(self.network)
        content = {
            "format": FORMAT,
            "eui64": self.eui64,
            "link_key": self.link_key,
            "install_code": self.install_code,
            "network": network,
            "network_counter": self.network_counter,
            "aps_counter": self.aps_counter,
            "cbke": {
                bit: [item.ca_public_key, item.certificate, item.private_key]
                for bit, item in self.cbke.items()
            },
            "tokens": self.tokens,
            "custom_eui64": self.custom_eui64,
        }
        fresh = self.path.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(
            json.dumps(content, default=bytes.hex, indent=1), encoding="utf-8"
        )
        fresh.replace(self.path)
