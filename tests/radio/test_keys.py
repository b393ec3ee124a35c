"""How a link key gets into the stick."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from bellows.exception import InvalidCommandError
import bellows.types as bt
from bellows.types import EmberStatus, NV3StackTrustCenterToken, sl_Status
import pytest
from zigpy.types import EUI64, KeyData

from custom_components.smets1_cad.radio.keys import (
    KeyRoute,
    install_link_key,
    key_route,
)
from custom_components.smets1_cad.radio.status import join_error, normalise
from custom_components.smets1_cad.smart_energy.network import (
    JoinError,
    KeyInstallUnsupported,
    NotSmartEnergy,
    WrongInstallCode,
)

KEY = KeyData(bytes(range(16)))
HUB = EUI64.convert("00:0d:6f:00:01:02:03:04")


class Ezsp:
    """Answers commands from a list, and remembers what was asked."""

    def __init__(
        self, version: int, answers: dict[str, Sequence[Any] | Exception]
    ) -> None:
        """Speak a version."""
        self.ezsp_version = version
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        async def command(**arguments: Any) -> Any:
            self.asked.append((name, arguments))
            answer = self._answers[name]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return command


def application(ezsp: Ezsp) -> Any:
    return SimpleNamespace(ezsp=ezsp, trust_centre=HUB)


@pytest.mark.parametrize(
    ("version", "route"),
    [
        (8, None),
        (9, KeyRoute.TOKEN),
        (11, KeyRoute.TOKEN),
        (12, KeyRoute.IMPORT),
        (18, KeyRoute.IMPORT),
    ],
)
def test_route_by_version(version: int, route: KeyRoute | None) -> None:
    assert key_route(version) is route


@pytest.mark.parametrize(
    ("version", "context", "answer"),
    [
        (12, "02000004030201006f0d00000000010044 05".replace(" ", ""), (sl_Status.OK,)),
        (
            13,
            "020000 00 04030201006f0d00 00 00 00014405".replace(" ", ""),
            (sl_Status.OK,),
        ),
        (
            14,
            "020000 00 04030201006f0d00 00 00 00014405".replace(" ", ""),
            (sl_Status.OK, None),
        ),
    ],
)
async def test_import_names_the_trust_centre_link_key(
    version: int, context: str, answer: tuple[Any, ...]
) -> None:
    """The octets are those of the Security Manager context, laid out by hand."""
    ezsp = Ezsp(version, {"importKey": answer})
    assert not await install_link_key(application(ezsp), KEY)
    ((name, arguments),) = ezsp.asked
    assert name == "importKey"
    assert bytes(arguments["key"].serialize()) == bytes(range(16))
    octets = arguments["context"].serialize()
    assert octets[0] == 2
    assert octets[-4:].hex() == "00014405"
    if version > 12:
        assert octets.hex() == context


@pytest.mark.parametrize(
    "answer", [(sl_Status.INVALID_PARAMETER,), InvalidCommandError("no such command")]
)
async def test_refused_import_is_named(answer: Any) -> None:
    with pytest.raises(KeyInstallUnsupported, match="importKey"):
        await install_link_key(application(Ezsp(13, {"importKey": answer})), KEY)


def stored(hub: EUI64 = HUB) -> Any:
    token = NV3StackTrustCenterToken(
        mode=bt.uint16_t(0x1234), eui64=bt.EUI64(hub), key=bt.KeyData(bytes(16))
    )
    return SimpleNamespace(status=EmberStatus.SUCCESS, value=token.serialize())


async def test_token_keeps_mode_and_trust_centre() -> None:
    ezsp = Ezsp(9, {"getTokenData": stored(), "setTokenData": (EmberStatus.SUCCESS,)})
    assert await install_link_key(application(ezsp), KEY)
    _, arguments = ezsp.asked[-1]
    assert (
        bytes(arguments["token_data"]).hex()
        == "3412" + "04030201006f0d00" + bytes(range(16)).hex()
    )


@pytest.mark.parametrize(
    ("answers", "why"),
    [
        ({"getTokenData": stored(EUI64(bytes(8)))}, "another one"),
        ({"getTokenData": InvalidCommandError("no")}, "cannot be written"),
        (
            {"getTokenData": SimpleNamespace(status=EmberStatus.ERR_FATAL, value=b"")},
            "getTokenData",
        ),
        (
            {"getTokenData": stored(), "setTokenData": (EmberStatus.ERR_FATAL,)},
            "setTokenData",
        ),
    ],
)
async def test_token_that_cannot_be_written_is_named(
    answers: dict[str, Any], why: str
) -> None:
    with pytest.raises(KeyInstallUnsupported, match=why) as raised:
        await install_link_key(application(Ezsp(9, answers)), KEY)
    assert bytes(range(16)).hex() not in str(raised.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (EmberStatus.NO_NETWORK_KEY_RECEIVED, WrongInstallCode),
        (EmberStatus.RECEIVED_KEY_IN_THE_CLEAR, NotSmartEnergy),
        (EmberStatus.NO_LINK_KEY_RECEIVED, WrongInstallCode),
        (EmberStatus.PRECONFIGURED_KEY_REQUIRED, WrongInstallCode),
        (EmberStatus.ERR_FATAL, JoinError),
    ],
)
def test_each_way_to_fail_has_its_words(
    status: EmberStatus, kind: type[JoinError]
) -> None:
    error = join_error(normalise(status))
    assert type(error) is kind
    assert len(str(error)) > 30
