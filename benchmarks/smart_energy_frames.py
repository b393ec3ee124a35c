"""Frames decoded per second: ours, zigpy's Metering class, and that with our definitions.

Each decodes the same octets in the same run; the best of several rounds counts, in the
processor's time.
"""

from collections.abc import Callable, Sequence
import logging
from time import thread_time
from timeit import timeit
from typing import Any
from unittest.mock import MagicMock

import zigpy.endpoint
from zigpy.zcl import Cluster
from zigpy.zcl.clusters.smartenergy import Metering as ZigpyMetering

from custom_components.smets1_cad.smart_energy.clusters import Metering, Price
from custom_components.smets1_cad.smart_energy.decode import Direction, decode

_ROUNDS = 10
_FRAMES = 1000
_SERVER = Direction.SERVER_TO_CLIENT

# What a meter sends: demand pushed, the answer to one request of a cycle, a price.
_REPORT = bytes.fromhex("18090a 0000 25 cc644d000000 0004 2a f30900")
_READ = bytes.fromhex(
    "180701"
    "0000 00 25 cc644d000000"
    "0100 00 25 000000000000"
    "0004 00 2a f30900"
    "0002 00 18 00"
    "1400 00 30 02"
)
_PRICE = bytes.fromhex(
    "190500 01000000 0444617920 02000000 555b4e23 00 3a03 51 41 00000000 ffff 80250000"
)
_PROFILE = bytes.fromhex("190900 804a371c 00 02 18") + bytes.fromhex("640000") * 24


def _per_second(functions: Sequence[Callable[[], object]]) -> list[float]:
    """Time the functions in turns, on the processor's clock, so that a busy machine wrongs none."""
    best = [
        min(seconds)
        for seconds in zip(
            *(
                [
                    timeit(function, timer=thread_time, number=_FRAMES)
                    for function in functions
                ]
                for _ in range(_ROUNDS)
            ),
            strict=True,
        )
    ]
    return [_FRAMES / seconds for seconds in best]


def _endpoint() -> zigpy.endpoint.Endpoint:
    return MagicMock(spec=zigpy.endpoint.Endpoint)


def main() -> None:
    """Print the figures."""
    logging.disable(logging.CRITICAL)
    zigpys, metering = ZigpyMetering(_endpoint()), Metering(_endpoint())
    price = Price(_endpoint())
    answer: Any = zigpys.deserialize(_READ)[1]
    ours = decode(Metering.cluster_id, _SERVER, _READ).attributes
    assert [r.value.value for r in answer.status_records] == [a.value for a in ours]

    print("decoded frames per second (zigpy / our clusters in zigpy / our decoder)")
    _compare("Metering report, 2 attributes", _REPORT, zigpys, metering)
    _compare("Metering read response, 5 attributes", _READ, zigpys, metering)
    # zigpy's own classes have no fields for commands.
    _compare("PublishPrice", _PRICE, None, price)
    _compare("GetProfileResponse, 24 intervals", _PROFILE, None, metering)


def _compare(name: str, data: bytes, zigpys: Cluster | None, mixed: Cluster) -> None:
    functions: list[Callable[[], object]] = [
        lambda: decode(mixed.cluster_id, _SERVER, data),
        lambda: mixed.deserialize(data),
    ]
    if zigpys is None:
        ours, by_zigpy = _per_second(functions)
        print(
            f"{name}: none / {by_zigpy:.0f} / {ours:.0f}, {ours / by_zigpy:.1f} times"
        )
        return
    ours, by_zigpy, base = _per_second([*functions, lambda: zigpys.deserialize(data)])
    print(
        f"{name}: {base:.0f} / {by_zigpy:.0f} / {ours:.0f},"
        f" {ours / base:.1f} times zigpy's"
    )


if __name__ == "__main__":
    main()
