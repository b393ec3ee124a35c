"""Hand a link key that was established on the host to the stick."""

from contextlib import suppress
from enum import StrEnum
import secrets
from typing import Any, Final

from bellows.exception import InvalidCommandError
import bellows.types as t
from bellows.types import sl_Status
from zigpy.types import EUI64, KeyData

from ..smart_energy.network import KeyInstallUnsupported
from .application import JoiningApplication
from .status import normalise

_IMPORT_SINCE: Final = 12
"""First EZSP version with importKey."""

_TOKENS_SINCE: Final = 9
"""First EZSP version with setTokenData."""

_KEY_ALGORITHM: Final = 0x05440100
"""PSA algorithm permission for an APS key: CCM with any tag of at least 4 octets."""


class KeyRoute(StrEnum):
    """The ways a stick can take a link key."""

    IMPORT = "import_key"
    TOKEN = "token"


def key_route(ezsp_version: int) -> KeyRoute | None:
    """Return how a stick of this version takes a link key; None if it cannot."""
    if ezsp_version >= _IMPORT_SINCE:
        return KeyRoute.IMPORT
    if ezsp_version >= _TOKENS_SINCE:
        return KeyRoute.TOKEN
    return None


async def install_link_key(application: JoiningApplication, key: KeyData) -> bool:
    """Make a key the trust centre link key of the network that the stick is on.

    Returns:
        Whether the stick must be restarted before it uses the key.

    Raises:
        KeyInstallUnsupported: the firmware offers no way, or refused.
    """
    match key_route(application.ezsp.ezsp_version):
        case KeyRoute.IMPORT:
            await _import(application, key)
            return False
        case KeyRoute.TOKEN:
            await _write_token(application, key)
            return True
        case _:
            raise KeyInstallUnsupported(
                f"The stick's firmware (EZSP {application.ezsp.ezsp_version}) has neither key establishment nor a way to "
                "take a link key. Update it to EmberZNet 7.4 (EZSP 13)."
            )


async def overwrite_link_key(application: JoiningApplication) -> None:
    """Replace the link key in the stick by one that nobody knows, where the firmware offers a way.

    Leaving forgets the network; the trust centre link key would stay in flash.
    """
    with suppress(KeyInstallUnsupported):
        await install_link_key(application, KeyData(secrets.token_bytes(16)))


async def _import(application: JoiningApplication, key: KeyData) -> None:
    ezsp = application.ezsp
    if ezsp.ezsp_version == _IMPORT_SINCE:
        context_type, derived = (
            t.SecurityManagerContextV12,
            t.SecurityManagerDerivedKeyTypeV12.NONE,
        )
    else:
        context_type, derived = (
            t.SecurityManagerContextV13,
            t.SecurityManagerDerivedKeyTypeV13.NONE,
        )
    try:
        # The answer is the status alone up to version 13, then the status and the context.
        status, *_ = await ezsp.importKey(
            context=context_type(
                core_key_type=t.SecurityManagerKeyType.TC_LINK,
                key_index=t.uint8_t(0),
                derived_type=derived,
                eui64=t.EUI64(application.trust_centre or bytes(8)),
                multi_network_index=t.uint8_t(0),
                flags=t.SecurityManagerContextFlags.NONE,
                psa_key_alg_permission=t.uint32_t(_KEY_ALGORITHM),
            ),
            key=t.KeyData(key),
        )
    except InvalidCommandError as err:
        raise _refused("importKey is missing") from err
    _expect(status, "importKey")


async def _write_token(application: JoiningApplication, key: KeyData) -> None:
    ezsp = application.ezsp
    token = t.NV3KeyId.NVM3KEY_STACK_TRUST_CENTER
    try:
        answer = await ezsp.getTokenData(token=token, index=0)
        _expect(answer.status, "getTokenData")
        stored, _ = t.NV3StackTrustCenterToken.deserialize(answer.value)
        if EUI64(stored.eui64) != application.trust_centre:
            raise _refused("the stored trust centre is another one")
        (status,) = await ezsp.setTokenData(
            token=token,
            index=0,
            token_data=t.LVBytes32(stored.replace(key=t.KeyData(key)).serialize()),
        )
    except InvalidCommandError as err:
        raise _refused("flash tokens cannot be written") from err
    _expect(status, "setTokenData")


def _expect(status: Any, command: str) -> None:
    if (code := normalise(status)) != sl_Status.OK:
        raise _refused(f"{command} ended with {code.name}")


def _refused(why: str) -> KeyInstallUnsupported:
    return KeyInstallUnsupported(
        f"The stick would not take the link key: {why}. Update its firmware to EmberZNet 7.4 (EZSP 13)."
    )
