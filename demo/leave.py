"""Show how a pairing ends: unpairing, and a change of tenancy."""

import asyncio
from collections.abc import Callable
import json
from pathlib import Path
from typing import Final

from virtual_han.meters.home import MPAN, MPRN

from .instance import DOMAIN, DemoError, HomeAssistantInstance
from .network import Network
from .walk import HOME

UNPAIR_TIMEOUT: Final = 60.0
"""Seconds within which the virtual supplier and the stick have to be done."""

# What nobody may find after a change of tenancy: what was typed, and the meters' numbers.
CANARIES: Final = (HOME["name"], "Virtual Row", HOME["postcode"], MPAN, MPRN)

type Say = Callable[[str], None]


async def unpair(
    home: HomeAssistantInstance, network: Network, entry_id: str, say: Say
) -> None:
    """Have the supplier unpair the CAD, and see it through.

    Raises:
        DemoError: it does not come to its end in time.
    """
    say("Unpairing, by the supplier's pairing service:")
    await home.act("request_unpairing", route="pairing_service", reason="other")
    status = ""
    try:
        async with asyncio.timeout(UNPAIR_TIMEOUT):
            while status != "unpaired":
                now = (await home.entity(entry_id, "pairing_status"))["state"]
                if now != status:
                    status = now
                    say(f"  pairing status     {status}")
                await asyncio.sleep(0.5)
    except TimeoutError as err:
        raise DemoError(f"still {status} after {UNPAIR_TIMEOUT:.0f} s") from err
    stick = network.han.ncp.flash
    if stick.eui64 in network.han.hub.members or stick.network is not None:
        raise DemoError("the stick is on the network still, or holds its keys")
    say("  the hub no longer lists the CAD; the stick has left and holds no key")


async def change_tenancy(home: HomeAssistantInstance, entry_id: str, say: Say) -> None:
    """Say that the tenant changes, look what became of everything, and see that consent is asked for.

    Raises:
        DemoError: something of the earlier tenant is still there.
    """
    before = await _found(home.folder)
    say("Change of tenancy, said by the user:")
    say(f"  before             {_names(before)}")
    answer = await home.act("change_of_tenancy", answers=True)
    say("  the report         " + json.dumps(answer["erased"], ensure_ascii=False))
    after = await _found(home.folder)
    if after:
        raise DemoError(f"something of the earlier tenant is left: {_names(after)}")
    say(
        f"  after              none of {len(CANARIES)} personal details in any file of the instance"
    )
    await _consent_asked(home, entry_id)
    say("  and now            a new consent is asked for; nothing is read without it")


async def _consent_asked(home: HomeAssistantInstance, entry_id: str) -> None:
    """Wait until the entry asks for consent."""
    for _ in range(20):
        flows = await home.command("config_entries/flow/progress")
        if any(
            flow["handler"] == DOMAIN and flow["context"]["source"] == "reauth"
            for flow in flows
        ):
            return
        await asyncio.sleep(0.5)
    entries = await home.request("GET", "/api/config/config_entries/entry")
    state = next(one for one in entries if one["entry_id"] == entry_id)
    raise DemoError(
        f"nobody is asked for a new consent: {state['state']}, {state['reason']}"
    )


def _names(found: dict[str, list[str]]) -> str:
    return (
        ", ".join(f"{len(what)} in {name}" for name, what in sorted(found.items()))
        or "nothing"
    )


async def _found(folder: Path) -> dict[str, list[str]]:
    """Return which canaries stand in which file below a folder, as bytes."""
    return await asyncio.to_thread(_search, folder)


def _search(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        octets = path.read_bytes()
        if there := [canary for canary in CANARIES if canary.encode() in octets]:
            found[str(path.relative_to(folder))] = there
    return found
