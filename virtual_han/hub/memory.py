"""What a hub keeps when it loses power, as a JSON object."""

from typing import Any

from .admission import DeviceLog, Entry
from .network import Member, Network

type Json = dict[str, Any]


def _network(network: Network) -> Json:
    return {
        "eui64": network.eui64.hex(),
        "channel": network.channel,
        "pan_id": network.pan_id,
        "extended_pan_id": network.extended_pan_id.hex(),
        "key": network.key.hex(),
        "key_sequence": network.key_sequence,
        "counter": network.counter,
        "aps_counter": network.aps_counter,
    }


def _member(member: Member) -> Json:
    return {
        "eui64": member.eui64.hex(),
        "address": member.address,
        "join_key": member.join_key.hex(),
        "joined_at": member.joined_at,
        "key": member.key.hex() if member.key else None,
        "counter": member.counter,
        "aps_counter": member.aps_counter,
        "endpoint": member.endpoint,
        "announced": member.announced,
    }


def _entry(entry: Entry) -> Json:
    return {
        "eui64": entry.eui64.hex(),
        "install_key": entry.install_key.hex(),
        "opened": entry.opened,
        "seconds": entry.seconds,
        "old_key": entry.old_key.hex() if entry.old_key else None,
    }


def dump(network: Network, members: dict[bytes, Member], log: DeviceLog) -> Json:
    """Return a hub's memory."""
    return {
        "network": _network(network),
        "members": [_member(member) for member in members.values()],
        "waiting": [_entry(entry) for entry in log.waiting.values()],
        "seated": sorted(eui64.hex() for eui64 in log.seated),
        "historic": [[eui64.hex(), key.hex()] for eui64, key in log.historic],
    }


def restore(
    memory: Json, network: Network, members: dict[bytes, Member], log: DeviceLog
) -> None:
    """Put a hub's memory back.

    Raises:
        KeyError: a part is missing.
        TypeError: a part is of another kind.
        ValueError: a part cannot be read.
    """
    stored = memory["network"]
    network.become(
        Network(
            **stored
            | {
                name: bytes.fromhex(stored[name])
                for name in ("eui64", "extended_pan_id", "key")
            }
        )
    )
    for item in memory["members"]:
        member = Member(**item | _octets(item, "eui64", "join_key", "key"))
        members[member.eui64] = member
    log.clear()
    for item in memory["waiting"]:
        entry = Entry(**item | _octets(item, "eui64", "install_key", "old_key"))
        log.waiting[entry.eui64] = entry
    for eui64 in memory["seated"]:
        log.seat(bytes.fromhex(eui64))
    log.historic.extend(
        (bytes.fromhex(eui64), bytes.fromhex(key)) for eui64, key in memory["historic"]
    )


def _octets(item: Json, *names: str) -> dict[str, bytes | None]:
    return {
        name: None if item[name] is None else bytes.fromhex(item[name])
        for name in names
    }
