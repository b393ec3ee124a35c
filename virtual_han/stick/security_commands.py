"""Commands about keys, tokens and certificates."""

from collections.abc import Mapping
from typing import Any, Final

from ..crypto.ecqv import Credentials
from ..crypto.mmo import crc_x25
from ..crypto.suite import SUITE_1, SUITE_2, SUITES
from . import layout
from .ezsp import Values
from .firmware import Firmware, Handler
from .flash import Flash
from .security import InitialSecurity
from .status import Status

NETWORK_KEY: Final = 1
TC_LINK_KEY: Final = 2
TRUST_CENTRE_TOKEN: Final = 0x1E124
"""NVM3KEY_STACK_TRUST_CENTER: mode (2 octets), EUI-64, key."""
TRUST_CENTRE_TOKEN_SIZE: Final = 26

_MFG_STRING: Final = 0x01
_MFG_BOARD_NAME: Final = 0x02
_MFG_CBKE_DATA: Final = 0x09
_MFG_INSTALLATION_CODE: Final = 0x0A
_MFG_CUSTOM_EUI64: Final = 0x0C
_VALUE_CERTIFICATE: Final = 0x1A
_VALUE_CA_KEY: Final = 0x1B
_VALUE_PRIVATE_KEY: Final = 0x1C
_EMBER_TC_LINK_KEY: Final = 1
_EMBER_NETWORK_KEY: Final = 3
_INSTALL_CODE_FLAGS: Final = {6: 0x0000, 8: 0x0002, 12: 0x0004, 16: 0x0006}
_ERASED: Final = 0xFF


def apply_tokens(flash: Flash) -> None:
    """Take a trust centre token that was written before the reset."""
    token = flash.tokens.pop(TRUST_CENTRE_TOKEN, b"")
    if len(token) == TRUST_CENTRE_TOKEN_SIZE:
        flash.link_key = token[10:]


def _set_initial_security(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    ncp.stack.membership.security = InitialSecurity.decode(arguments["state"])
    return {"status": Status.OK}


# Keys.


def _import_key(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    """Take a trust centre link key, which the running stack uses from the next frame on."""
    context = arguments["context"]
    if context[0] != TC_LINK_KEY:
        return {"status": Status.INVALID_CALL, "context": context}
    ncp.flash.link_key = arguments["key"]
    ncp.flash.save()
    return {"status": Status.OK, "context": context}


def _export_key(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    context = arguments["context"]
    key = b""
    if context[0] == TC_LINK_KEY:
        key = ncp.flash.link_key
    elif context[0] == NETWORK_KEY and ncp.flash.network is not None:
        key = ncp.flash.network.key
    status = Status.OK if key else Status.NOT_FOUND
    return {"status": status, "key": key or bytes(16), "context": context}


def _get_key(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    """Return a key on firmware older than EZSP 13."""
    flash, network = ncp.flash, ncp.flash.network
    if network is None:
        return {"status": Status.NOT_FOUND}
    match arguments["keyType"]:
        case 1 if flash.link_key:
            octets = layout.key_struct(
                _EMBER_TC_LINK_KEY,
                flash.link_key,
                flash.aps_counter,
                0,
                network.trust_centre,
            )
        case 3:
            octets = layout.key_struct(
                _EMBER_NETWORK_KEY,
                network.key,
                flash.network_counter,
                network.key_sequence,
                bytes(8),
            )
        case _:
            return {"status": Status.NOT_FOUND}
    return {"status": Status.OK, "keyStruct": octets}


def _network_key_info(ncp: Firmware, _: dict[str, Any]) -> Values:
    network = ncp.flash.network
    if network is None:
        return {"status": Status.NOT_FOUND}
    pending = network.next_key
    info = bytes(
        [True, pending is not None, network.key_sequence, pending[1] if pending else 0]
    )
    return {
        "status": Status.OK,
        "network_key_info": info + ncp.flash.network_counter.to_bytes(4, "little"),
    }


# Tokens.


def _get_mfg_token(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    flash = ncp.flash
    match arguments["tokenId"]:
        case 0x01:
            data = b"Virtual HAN".ljust(16, b"\xff")
        case 0x02:
            data = b"Stick".ljust(16, b"\xff")
        case 0x09:
            data = _cbke_token(flash.cbke.get(SUITE_1.bit))
        case 0x0A:
            data = _install_code_token(flash.install_code)
        case 0x0C:
            data = flash.eui64[::-1] if flash.custom_eui64 else b"\xff" * 8
        case _:
            data = b""
    return {"tokenData": data}


def _cbke_token(credentials: Credentials | None) -> bytes:
    """Lay out the 92 octets of MFG_CBKE_DATA: certificate, CA key, private key, flags."""
    if credentials is None:
        return bytes([_ERASED]) * 92
    parts = (
        credentials.certificate,
        credentials.ca_public_key,
        credentials.private_key,
    )
    return b"".join(parts) + b"\x00"


def _install_code_token(code: bytes) -> bytes:
    """Lay out the 20 octets of MFG_INSTALLATION_CODE: flags, code, CRC."""
    if not code:
        return bytes([_ERASED]) * 20
    flags = _INSTALL_CODE_FLAGS[len(code)].to_bytes(2, "little")
    return flags + code.ljust(16, b"\x00") + crc_x25(code).to_bytes(2, "little")


def _set_mfg_token(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    """Write the EUI-64, once; other manufacturing tokens are locked."""
    data = arguments["tokenData"]
    if (
        arguments["tokenId"] != _MFG_CUSTOM_EUI64
        or ncp.flash.custom_eui64
        or len(data) != 8
    ):
        return {"status": Status.INVALID_CALL}
    ncp.flash.eui64, ncp.flash.custom_eui64 = data[::-1], True
    ncp.flash.save()
    return {"status": Status.OK}


def _get_token(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    number, network = arguments["token"], ncp.flash.network
    data = ncp.flash.tokens.get(number)
    if number == TRUST_CENTRE_TOKEN and data is None and network is not None:
        data = bytes(2) + network.trust_centre[::-1] + ncp.flash.link_key
    if data is None:
        return {"status": Status.NOT_FOUND, "value": b""}
    return {"status": Status.OK, "value": data}


def _set_token(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    """Write a token; the running stack looks at it only after a reset."""
    ncp.flash.tokens[arguments["token"]] = arguments["token_data"]
    ncp.flash.save()
    return {"status": Status.OK}


def _factory_reset(ncp: Firmware, _: dict[str, Any]) -> Values:
    ncp.flash.network = None
    ncp.flash.link_key = b""
    ncp.flash.tokens.clear()
    ncp.flash.save()
    return {"status": Status.OK}


# Certificates and key establishment, for each suite.


def _get_certificate(bit: int) -> Handler:
    def handler(ncp: Firmware, _: dict[str, Any]) -> Values:
        blank = bytes(SUITES[bit].certificate_size)
        if not ncp.cbke.present(bit):
            return {"status": Status.LIBRARY_NOT_PRESENT, "localCert": blank}
        certificate = ncp.cbke.certificate(bit)
        return {
            "status": Status.OK if certificate else Status.FATAL,
            "localCert": certificate or blank,
        }

    return handler


def _generate(bit: int, suffix: str) -> Handler:
    def handler(ncp: Firmware, _: dict[str, Any]) -> Values:
        if not ncp.cbke.present(bit):
            return {"status": Status.LIBRARY_NOT_PRESENT}
        public = ncp.cbke.generate(bit)
        ncp.callback(
            f"generateCbkeKeysHandler{suffix}",
            {
                "status": Status.OK if public else Status.FATAL,
                "ephemeralPublicKey": public or bytes(SUITES[bit].point_size),
            },
        )
        return {"status": Status.OPERATION_IN_PROGRESS}

    return handler


def _calculate(bit: int, suffix: str) -> Handler:
    def handler(ncp: Firmware, arguments: dict[str, Any]) -> Values:
        if not ncp.cbke.present(bit):
            return {"status": Status.LIBRARY_NOT_PRESENT}
        agreement = ncp.cbke.calculate(
            bit,
            arguments["partnerCertificate"],
            arguments["partnerEphemeralPublicKey"],
            initiator=bool(arguments["amInitiator"]),
        )
        ncp.callback(
            f"calculateSmacsHandler{suffix}",
            {
                "status": Status.OK if agreement else Status.FATAL,
                "initiatorSmac": agreement.initiator_mac if agreement else bytes(16),
                "responderSmac": agreement.responder_mac if agreement else bytes(16),
            },
        )
        return {"status": Status.OPERATION_IN_PROGRESS}

    return handler


def _clear(bit: int) -> Handler:
    def handler(ncp: Firmware, arguments: dict[str, Any]) -> Values:
        return {"status": ncp.cbke.clear(bit, store=bool(arguments["storeLinkKey"]))}

    return handler


def _set_cbke_data(ncp: Firmware, arguments: dict[str, Any]) -> Values:
    if not ncp.cbke.present(SUITE_1.bit):
        return {"status": Status.LIBRARY_NOT_PRESENT}
    parts = (arguments["caPublic"], arguments["myCert"], arguments["myKey"])
    ncp.flash.cbke[SUITE_1.bit] = Credentials(SUITE_1, *parts)
    ncp.flash.save()
    return {"status": Status.OK}


def _save_cbke_data(ncp: Firmware, _: dict[str, Any]) -> Values:
    """Store suite 2 data, which the host has handed over with setValue before."""
    if not ncp.cbke.present(SUITE_2.bit):
        return {"status": Status.LIBRARY_NOT_PRESENT}
    try:
        parts = (
            ncp.values[_VALUE_CA_KEY],
            ncp.values[_VALUE_CERTIFICATE],
            ncp.values[_VALUE_PRIVATE_KEY],
        )
    except KeyError:
        return {"status": Status.INVALID_CALL}
    ncp.flash.cbke[SUITE_2.bit] = Credentials(SUITE_2, *parts)
    ncp.flash.save()
    return {"status": Status.OK}


HANDLERS: Final[Mapping[str, Handler]] = {
    "setInitialSecurityState": _set_initial_security,
    "importKey": _import_key,
    "exportKey": _export_key,
    "getKey": _get_key,
    "getNetworkKeyInfo": _network_key_info,
    "getMfgToken": _get_mfg_token,
    "setMfgToken": _set_mfg_token,
    "getTokenData": _get_token,
    "setTokenData": _set_token,
    "tokenFactoryReset": _factory_reset,
    "getCertificate": _get_certificate(SUITE_1.bit),
    "getCertificate283k1": _get_certificate(SUITE_2.bit),
    "generateCbkeKeys": _generate(SUITE_1.bit, ""),
    "generateCbkeKeys283k1": _generate(SUITE_2.bit, "283k1"),
    "calculateSmacs": _calculate(SUITE_1.bit, ""),
    "calculateSmacs283k1": _calculate(SUITE_2.bit, "283k1"),
    "clearTemporaryDataMaybeStoreLinkKey": _clear(SUITE_1.bit),
    "clearTemporaryDataMaybeStoreLinkKey283k1": _clear(SUITE_2.bit),
    "setPreinstalledCbkeData": _set_cbke_data,
    "savePreinstalledCbkeData283k1": _save_cbke_data,
}
