"""A stick leaves a network although no entry runs it: its entry is removed, or was never made (R19).

Where it could not leave, it is remembered whose network it is on, as a hash, so that
it can be told apart from another program's stick when it is set up again.
"""

from asyncio import timeout
from collections.abc import Collection
import hashlib
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_DEVICE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..cad.errors import CadError
from ..const import DOMAIN, LOGGER
from ..error_words import async_error_words
from ..ports import async_port_users
from ..radio.stick import EzspRadio
from ..smart_energy.eui64 import Eui64
from ..smart_energy.network import ForeignNetwork, RadioLost, WrongStick
from ..store import CadStore, async_get_process_store
from .issues import REMOVED_STICK, tail

PATIENCE: Final = 20.0
"""Seconds that a person waits for a stick to leave; it takes one or two."""


async def async_leave_by_stick(
    hass: HomeAssistant, path: str, eui64: Eui64, *networks: str
) -> None:
    """Have a stick leave a network. A stick that is on none has left.

    Args:
        hass: Home Assistant.
        path: its port.
        eui64: which stick it is.
        networks: the extended PAN IDs of the networks meant, as `StickInfo` gives them.

    Raises:
        WrongStick: another stick is at its port. It is as it was.
        ForeignNetwork: the stick is on another network, or coordinates its own. It is as it was.
        RadioLost: it cannot be reached, or something else uses its port.
    """
    if any(user.active for user in await async_port_users(hass, path)):
        raise RadioLost("Something uses the port of the stick, so it was not opened.")
    radio = EzspRadio(path)
    try:
        async with timeout(PATIENCE):
            await radio.connect()
            if radio.eui64.serialize()[::-1] != eui64.octets:
                raise WrongStick("Another stick is at this port. It was left.")
            found = await radio.resume()
            if found is None:
                return
            if str(found.extended_pan_id) not in networks:
                raise ForeignNetwork("The stick is on another network. It was left.")
            await radio.leave()
            if await radio.holds_network():
                raise RadioLost("The stick said that it leaves, and did not.")
    except TimeoutError as err:
        raise RadioLost("The stick did not leave its network in time.") from err
    finally:
        await radio.disconnect(silence=True)


async def async_leave_recorded(
    hass: HomeAssistant, store: CadStore, path: str, eui64: Eui64
) -> None:
    """Have a stick leave the network that is on record, or that it was told to join.

    Raises:
        CadError: it has not left, or what is on record cannot be read.
    """
    session = await store.session.load() or {}
    joined, tried = session.get("extended_pan_id"), session.get("tried", ())
    networks = [one for one in (joined, *tried) if isinstance(one, str)]
    if not networks:
        return
    try:
        await async_leave_by_stick(hass, path, eui64, *networks)
    except ForeignNetwork:
        if isinstance(joined, str):
            raise
        # It joined none of those that it was told to.


async def async_leave_for_good(
    hass: HomeAssistant, store: CadStore, path: str, eui64: Eui64
) -> CadError | None:
    """Have a stick leave the network that is on record, or that it was told to join; never raises.

    Returns:
        why it did not leave, which is remembered; None if it is on no network of ours, as
        far as is known: one that was told to join, and cannot be asked, most likely did not.
    """
    try:
        session = await store.session.load() or {}
        network = session.get("extended_pan_id")
        tried = [one for one in session.get("tried", ()) if isinstance(one, str)]
    except (AttributeError, TypeError, CadError) as err:
        LOGGER.warning("Which network the stick is on cannot be read: %s", err)
        return None
    if not isinstance(network, str):
        await _leave_tried(hass, path, eui64, tried)
        return None
    try:
        await async_leave_by_stick(hass, path, eui64, network)
    except CadError as err:
        LOGGER.warning("The stick has not left its network: %s", err)
        error = err
    except Exception:  # noqa: BLE001
        # Whatever a strange device does, what was stored of it is erased.
        LOGGER.exception("The stick has not left its network")
        error = RadioLost("The stick did something unforeseen. Plug it in again.")
    else:
        await async_forget_former(hass, store)
        return None
    await _remember(hass, store.name, _digest(eui64, network))
    return error


async def _leave_tried(
    hass: HomeAssistant, path: str, eui64: Eui64, networks: Collection[str]
) -> None:
    """Have a stick leave a network that it was told to join and of which nobody has heard that it did."""
    if not networks:
        return
    try:
        await async_leave_by_stick(hass, path, eui64, *networks)
    except CadError as err:
        LOGGER.info("Whether the stick had joined a network is not known: %s", err)
    except Exception:  # noqa: BLE001
        # As for one that had joined.
        LOGGER.exception("Whether the stick had joined a network is not known")


async def async_is_former(
    hass: HomeAssistant, store: CadStore, eui64: Eui64, network: str
) -> bool:
    """Whether a stick is on the network that it was on when its CAD was removed here.

    Raises:
        StoreError: what is stored cannot be read.
    """
    process = await async_get_process_store(hass)
    former = await process.former.load() or {}
    return former.get(store.name) == _digest(eui64, network)


async def async_forget_former(hass: HomeAssistant, store: CadStore) -> None:
    """Forget that a stick was left on a network: it is on none any more."""
    ir.async_delete_issue(hass, DOMAIN, f"{REMOVED_STICK}_{store.name}")
    await _remember(hass, store.name, None)


async def _remember(hass: HomeAssistant, name: str, digest: str | None) -> None:
    """Keep a network's hash, None to drop it; where that fails, a person can still say whose it is."""
    try:
        process = await async_get_process_store(hass)
        former = await process.former.load() or {}
        if former.get(name) == digest:
            return
        rest = {key: kept for key, kept in former.items() if key != name}
        await process.former.save(rest if digest is None else {**rest, name: digest})
    except CadError as err:
        LOGGER.warning("Which network the stick was left on was not kept: %s", err)


def _digest(eui64: Eui64, network: str) -> str:
    """Return what tells a network from others without naming it."""
    return hashlib.sha256(f"{eui64} {network}".encode()).hexdigest()[:16]


async def async_report_stick(
    hass: HomeAssistant, store: CadStore, eui64: Eui64, error: CadError
) -> None:
    """Say that a stick is still on a network, and stays so until it is told otherwise."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        f"{REMOVED_STICK}_{store.name}",
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key=REMOVED_STICK,
        translation_placeholders={
            "eui64": tail(eui64),
            "error": await async_error_words(hass, error),
        },
    )


@callback
def shares_stick(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Whether another entry is set up on the same port, so that the stick is not this one's alone."""
    return any(
        other.entry_id != entry.entry_id
        and other.data.get(CONF_DEVICE) == entry.data[CONF_DEVICE]
        for other in hass.config_entries.async_entries(DOMAIN)
    )
