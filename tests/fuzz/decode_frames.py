"""Mutate frames and decode them: `python -m tests.fuzz.decode_frames --frames 1000000`.

Whatever comes of a frame must be a result, whose meaning can be written out, or a
`FrameError`; and quickly. The exit status is 1 if anything else came of one.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
import json
import random
import sys
from time import thread_time
import traceback

from custom_components.smets1_cad.smart_energy.__main__ import document
from custom_components.smets1_cad.smart_energy.clusters import CLUSTERS
from custom_components.smets1_cad.smart_energy.decode import LONGEST, Direction, decode
from custom_components.smets1_cad.smart_energy.errors import FrameError

from ..smart_energy.frames import VECTORS

type Frame = tuple[int, Direction, bytes]

SLOW = 0.001
"""Seconds of the processor's time that no frame may take."""
_TELLING = bytes([0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF, 0x41, 0x42, 0x48, 0x4C, 0x50])


@dataclass(slots=True)
class Findings:
    """What came of the frames."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[Frame, str]] = field(default_factory=list)
    slow: list[tuple[Frame, float]] = field(default_factory=list)
    slowest: float = 0.0
    decoding: float = 0.0


def seeds() -> list[Frame]:
    """Well-formed frames: by hand, one of zeros for each command, and great ones."""
    found = [(c, Direction(d), bytes.fromhex(octets)) for c, d, octets in VECTORS]
    for number, cluster in CLUSTERS.items():
        for direction, control, commands in (
            (Direction.CLIENT_TO_SERVER, 0x01, cluster.server_commands),
            (Direction.SERVER_TO_CLIENT, 0x19, cluster.client_commands),
        ):
            found += [
                (number, direction, bytes([control, 1, command]) + bytes(60))
                for command in commands
            ]
    server = Direction.SERVER_TO_CLIENT
    for record in ("0000 00 10 01", "0307 00 41 00", "0000 00 4c 0000", "0000 86"):
        octets = bytes.fromhex(record)
        great = octets * ((LONGEST - 3) // len(octets))
        found.append((0x0702, server, bytes.fromhex("180101") + great))
    nested = bytes.fromhex("180101 0000 00") + bytes.fromhex("4c ff00") * 500
    found.append((0x0702, server, nested))
    labels = bytes.fromhex("190108") + bytes(14) + b"\xff" + b"\x01\x00" * 700
    found.append((0x0700, server, labels))
    matrix = bytes.fromhex("190105") + bytes(19) + b"\x01\x02\x03\x04\x05" * 300
    found.append((0x0700, server, matrix))
    thresholds = bytes.fromhex("190106") + bytes(19) + b"\x10" * 256
    found.append((0x0700, server, thresholds))
    return found


def mutate(frame: bytes, others: Sequence[Frame], chance: random.Random) -> bytes:
    """Change a frame in one to four ways."""
    data = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(8):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1 if data:
                data[at % len(data)] = chance.choice(_TELLING)
            case 2 if data:
                data[at % len(data)] = chance.randrange(256)
            case 3:
                data[at:at] = chance.randbytes(chance.randint(1, 8))
            case 4:
                del data[at : at + chance.randint(1, 8)]
            case 5:
                del data[at:]
            case 6:
                data += data[at : at + 64]
            case _:
                other = chance.choice(others)[2]
                data[at:] = other[chance.randrange(len(other) + 1) :]
    return bytes(data[: LONGEST + 1])


def mutants(count: int, seed: int) -> Iterator[Frame]:
    """Give so many frames, the same ones for the same seed."""
    chance = random.Random(seed)
    known = seeds()
    numbers = [*CLUSTERS]
    yield from known[:count]
    for _ in range(count - len(known)):
        cluster, direction, data = chance.choice(known)
        if chance.randrange(16) == 0:
            cluster = chance.choice(numbers)
        if chance.randrange(16) == 0:
            direction = chance.choice([*Direction])
        if chance.randrange(64) == 0:
            data = chance.randbytes(chance.randrange(200))
        yield cluster, direction, mutate(data, known, chance)


def try_frame(frame: Frame) -> tuple[str, float]:
    """Decode a frame; give what came of it, and the seconds it took."""
    start = thread_time()
    try:
        decoded = decode(*frame)
    except FrameError:
        return "frame error", thread_time() - start
    took = thread_time() - start
    json.dumps(document(decoded), allow_nan=False)
    return "decoded", took


def run(count: int, seed: int) -> Findings:
    """Try so many frames."""
    findings = Findings()
    for frame in mutants(count, seed):
        try:
            outcome, took = try_frame(frame)
        except Exception:  # noqa: BLE001 - every one is a finding
            findings.failures.append((frame, traceback.format_exc()))
            findings.outcomes["failure"] += 1
            continue
        findings.outcomes[outcome] += 1
        findings.decoding += took
        if took > SLOW:
            # Caches and the clock have their moods: the best of some counts.
            took = min(try_frame(frame)[1] for _ in range(7))
            if took > SLOW:
                findings.slow.append((frame, took))
        findings.slowest = max(findings.slowest, took)
    return findings


def report(findings: Findings) -> int:
    """Print what was found; give the exit status."""
    total = findings.outcomes.total()
    mean = findings.decoding / max(total, 1)
    lines = [
        f"{total} frames: {dict(findings.outcomes)}",
        f"decoding: {mean * 1e6:.1f} us a frame, {findings.slowest * 1e6:.0f} at most",
    ]
    for frame, text in findings.failures[:5]:
        lines += [f"FAILURE {_shown(frame)}", text]
    for frame, took in findings.slow[:5]:
        lines.append(f"SLOW {took * 1e3:.2f} ms {_shown(frame)}")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(findings.failures or findings.slow))


def _shown(frame: Frame) -> str:
    cluster, direction, data = frame
    return f"{cluster:#06x} {direction} {data.hex()}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    return report(run(options.frames, options.seed))


if __name__ == "__main__":
    raise SystemExit(main())
