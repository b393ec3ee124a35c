"""Show how a pairing ends: unpairing, and a change of tenancy."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
import json
from pathlib import Path
from typing import Final

from virtual_han.meters.home import MPAN, MPRN

from .compare import as_table, until_all_agree
from .instance import DOMAIN, DemoError, HomeAssistantInstance
from .network import Network
from .walk import HOME, consent_again

UNPAIR_TIMEOUT: Final = 60.0
"""Seconds within which the virtual supplier and the stick have to be done."""

# What nobody may find after a change of tenancy: what was typed, and the meters' numbers.
CANARIES: Final = (HOME["name"], "Virtual Row", HOME["postcode"], MPAN, MPRN)

type Say = Callable[[str], None]


async def unpair(
    home: HomeAssistantInstance, network: Network, entry_id: str, say: Say
) -> None:
    """Have the supplier unpair the CAD, and see it through: nothing is shown as if it still came.

    Raises:
        DemoError: it does not come to its end in time, or an entity shows something.
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
    comparison = await until_all_agree(home, network, entry_id)
    say(f"\n{as_table(comparison.rows)}\n")
    say(comparison.outcome("unpairing"))


async def change_tenancy(
    home: HomeAssistantInstance, network: Network, entry_id: str, say: Say
) -> None:
    """Say that the tenant changes, look what became of everything, and let the new householder consent.

    Raises:
        DemoError: something of the earlier tenant is still there, or the new householder's data does not flow.
    """
    before = await _found(home.folder, CANARIES)
    old = await _unique_ids(home, entry_id)
    say("Change of tenancy, said by the user:")
    say(f"  before             {_names(before)}")
    answer = await home.act("change_of_tenancy", answers=True)
    say("  the report         " + json.dumps(answer["erased"], ensure_ascii=False))
    after = await _found(home.folder, CANARIES)
    if after:
        raise DemoError(f"something of the earlier tenant is left: {_names(after)}")
    say(
        f"  after              none of {len(CANARIES)} personal details in any file of the instance"
    )
    flow_id = await _consent_asked(home, entry_id)
    if left := old & await _unique_ids(home, entry_id):
        raise DemoError(f"entities of the earlier tenancy are left: {sorted(left)}")
    say("  and now            a new consent is asked for; nothing is read without it")
    began = network.han.clock.now()
    say("The new householder consents, and asks for the CAD to be paired:")
    await consent_again(home, network, flow_id, say)
    # The gas meter was read for the earlier tenant less than half an hour ago, and
    # is left alone until then, whoever lives there: of it, next to nothing may be shown.
    comparison = await until_all_agree(home, network, entry_id, began)
    say(f"\n{as_table(comparison.rows)}\n")
    outcome = comparison.outcome("the new consent")
    network.hold_to_the_rules()
    if left := old & await _unique_ids(home, entry_id):
        raise DemoError(f"entities of the earlier tenancy are back: {sorted(left)}")
    await _no_memory(home, [row.entity_id for row in comparison.rows], began)
    if found := await _found(home.folder, [HOME["name"]]):
        raise DemoError(f"the earlier tenant's name is back: {_names(found)}")
    say(outcome)
    say(
        "None has a history from before it. Gas follows half an hour after its last reading, and not sooner."
    )


async def _unique_ids(home: HomeAssistantInstance, entry_id: str) -> set[str]:
    """Return what the entities of an entry are known by."""
    return {entity["unique_id"] for entity in await home.entities(entry_id)}


async def _no_memory(
    home: HomeAssistantInstance, entity_ids: list[str], since: datetime
) -> None:
    """See that what the recorder keeps of entities begins with a moment.

    Raises:
        DemoError: it does not.
    """
    if known := await _kept(home, entity_ids, since - timedelta(days=30), since):
        raise DemoError(
            f"there is a history from before the new consent: {sorted(known)}"
        )
    if not await _kept(home, entity_ids, since, since + timedelta(days=1)):
        raise DemoError("the recorder keeps nothing of the new tenancy")


async def _kept(
    home: HomeAssistantInstance, entity_ids: list[str], start: datetime, end: datetime
) -> set[str]:
    """Return of which entities there are states or statistics of a time."""
    period = {"start_time": start.isoformat(), "end_time": end.isoformat()}
    history = await home.command(
        "history/history_during_period",
        **period,
        entity_ids=entity_ids,
        include_start_time_state=False,
    )
    statistics = await home.command(
        "recorder/statistics_during_period",
        **period,
        statistic_ids=entity_ids,
        period="5minute",
    )
    return {
        name for found in (history, statistics) for name, rows in found.items() if rows
    }


async def _consent_asked(home: HomeAssistantInstance, entry_id: str) -> str:
    """Wait until the entry asks for consent; return the id of the dialog that does."""
    for _ in range(20):
        for flow in await home.command("config_entries/flow/progress"):
            if flow["handler"] == DOMAIN and flow["context"]["source"] == "reauth":
                return str(flow["flow_id"])
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


async def _found(folder: Path, canaries: Sequence[str]) -> dict[str, list[str]]:
    """Return which canaries stand in which file below a folder, as bytes."""
    return await asyncio.to_thread(_search, folder, canaries)


def _search(folder: Path, canaries: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        octets = path.read_bytes()
        if there := [canary for canary in canaries if canary.encode() in octets]:
            found[str(path.relative_to(folder))] = there
    return found
