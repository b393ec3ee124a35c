"""What is read of a message before bellows, beside what bellows reads of the same octets."""

from bellows.ezsp import EZSP
import bellows.types as bt
from hypothesis import given, strategies as st
import pytest

from custom_components.smets1_cad.radio.incoming import HubMessage, hub_message

from .messages import incoming

VERSIONS = sorted(version for version in EZSP._BY_VERSION if version >= 8)
BOTH_LAYOUTS = pytest.mark.parametrize("version", [8, 13, 14, 18])


@pytest.mark.parametrize("version", VERSIONS)
@given(
    endpoint=st.integers(0, 255),
    cluster=st.integers(0, 0xFFFF),
    lqi=st.integers(0, 255),
    rssi=st.integers(-128, 127),
    others=st.integers(0, 0x7FFF),
    payload=st.binary(max_size=100),
)
def test_the_same_as_bellows_reads(
    version: int,
    endpoint: int,
    cluster: int,
    lqi: int,
    rssi: int,
    others: int,
    payload: bytes,
) -> None:
    """Of every version that bellows speaks."""
    frame = incoming(
        version,
        payload,
        endpoint=endpoint,
        cluster=cluster,
        lqi=lqi,
        rssi=rssi,
        options=others | 0x0020,
    )
    schema = EZSP._BY_VERSION[version].COMMANDS["incomingMessageHandler"][2]
    read, rest = bt.deserialize_dict(frame[5:], schema)
    assert rest == b""
    values = list(read.values())
    signal = values[2:4] if version < 14 else values[6:8]
    assert hub_message(frame, version) == HubMessage(
        values[1].sourceEndpoint, values[1].clusterId, values[-1], *signal
    )


@BOTH_LAYOUTS
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"command": 0x003F}, id="messageSentHandler"),
        pytest.param({"kind": 0x04}, id="to all"),
        pytest.param({"sender": 0x4321}, id="of a stranger"),
        pytest.param({"profile": 0x0104}, id="of another profile"),
        pytest.param({"options": 0}, id="not under the link key"),
        pytest.param({"options": 0x8020}, id="a fragment"),
    ],
)
def test_anything_else_is_left_to_bellows(
    version: int, changes: dict[str, int]
) -> None:
    assert hub_message(incoming(version), version) is not None
    assert hub_message(incoming(version, **changes), version) is None


@BOTH_LAYOUTS
def test_a_frame_of_another_length_is_left_to_bellows(version: int) -> None:
    frame = incoming(version)
    assert all(hub_message(frame[:end], version) is None for end in range(len(frame)))
    assert hub_message(frame + b"\0", version) is None


@pytest.mark.parametrize("version", [4, 7, 20])
def test_a_version_that_is_not_known_is_left_to_bellows(version: int) -> None:
    """An older one begins otherwise; a later one may."""
    assert hub_message(incoming(18), version) is None
    assert hub_message(incoming(8), version) is None
