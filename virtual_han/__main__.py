"""Runs a virtual home area network from the command line."""

import argparse
import asyncio
from collections.abc import Sequence
import contextlib
from dataclasses import replace
import logging
from pathlib import Path
import secrets
import signal
import sys
from typing import Final

from .aps import Fuel
from .capture import Capture, write_keys
from .control import Control
from .crypto.mmo import with_crc
from .crypto.suite import SUITES
from .door import HanDoor
from .errors import VirtualHanError
from .faults import ONE_TIME, Fault
from .flavours import SmartEnergy
from .han import HanConfig, VirtualHan
from .hub import SMETS1_SLOTS, SMETS2_SLOTS
from .meters import HomeConfig
from .stick import DEFAULT_VERSION, VERSIONS
from .supplier import Desk, SupplierService
from .tariffs import CATALOGUE

_EPILOG: Final = """\
examples:
  python -m virtual_han --admit
  python -m virtual_han --smets2 --suite 2 --state ~/.cache/virtual-han --control-port 8711
  python -m virtual_han --speed 60 --fault lost:0.05 --fault late:0.05 --pcap han.pcap

Give the stick's address to anything that speaks EZSP through bellows. The
control's own address lists what it can do; docs/virtual-han.md tells more."""


def _suites(text: str) -> tuple[int, ...]:
    chosen = {"1": (1,), "2": (2,), "both": tuple(sorted(SUITES))}
    if text not in chosen:
        raise argparse.ArgumentTypeError("the suites are 1, 2 and both")
    return chosen[text]


def _octets(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", "").replace("-", ""))
    except ValueError as err:
        raise argparse.ArgumentTypeError("not hexadecimal") from err


def _eui64(text: str) -> bytes:
    octets = _octets(text)
    if len(octets) != 8:
        raise argparse.ArgumentTypeError("an EUI-64 has 8 octets")
    return octets


def _install_code(text: str) -> bytes:
    octets = _octets(text)
    if len(octets) not in (6, 8, 12, 16):
        raise argparse.ArgumentTypeError(
            "an install code has 6, 8, 12 or 16 octets without its CRC"
        )
    return octets


def _fault(text: str) -> tuple[Fault, float]:
    name, _, chance = text.partition(":")
    try:
        fault, probability = Fault(name), float(chance or 1)
    except ValueError as err:
        raise argparse.ArgumentTypeError(f"no fault of the form {text}") from err
    if fault in ONE_TIME or not 0 < probability <= 1:
        raise argparse.ArgumentTypeError(f"{text} cannot stand from the start")
    return fault, probability


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m virtual_han",
        description="A smart meter's home area network made of software, with a stick that joins it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stick = made.add_argument_group("the stick")
    stick.add_argument(
        "--port", type=int, default=0, help="of the stick; any free one by default"
    )
    stick.add_argument(
        "--ezsp",
        type=int,
        choices=VERSIONS,
        default=DEFAULT_VERSION,
        help="its protocol version",
    )
    stick.add_argument("--eui64", type=_eui64, help="its EUI-64")
    stick.add_argument(
        "--install-code", type=_install_code, help="its install code, without the CRC"
    )
    stick.add_argument(
        "--stick-cbke", action="store_true", help="its firmware establishes keys itself"
    )
    hub = made.add_argument_group("the hub")
    hub.add_argument(
        "--smart-energy",
        choices=[*SmartEnergy],
        default=SmartEnergy.SE_1_2,
        help="its version of the profile",
    )
    hub.add_argument(
        "--suite", type=_suites, default=(1,), help="cryptographic suites: 1, 2 or both"
    )
    hub.add_argument(
        "--smets2",
        action="store_true",
        help="room for four consumer devices instead of one",
    )
    hub.add_argument(
        "--ihd", action="store_true", help="an in-home display already holds a place"
    )
    hub.add_argument(
        "--channel", type=int, choices=range(11, 27), default=15, metavar="11..26"
    )
    hub.add_argument(
        "--admit", action="store_true", help="put the stick on the list for an hour"
    )
    home = made.add_argument_group("the home")
    home.add_argument(
        "--seed", type=int, default=1, help="of load, weather, keys and chance"
    )
    home.add_argument(
        "--tariff", choices=[*CATALOGUE], default="four_tier", help="for electricity"
    )
    home.add_argument("--no-gas", action="store_true", help="electricity alone")
    home.add_argument(
        "--prepayment",
        type=Fuel,
        choices=[*Fuel],
        action="append",
        default=[],
        help="a fuel that is paid for first; may be given twice",
    )
    home.add_argument(
        "--speed", type=float, default=1.0, help="virtual seconds in each real one"
    )
    home.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="NAME[:CHANCE]",
        help="let something go wrong from the start: "
        + ", ".join(sorted(fault for fault in Fault if fault not in ONE_TIME)),
    )
    run = made.add_argument_group("running it")
    run.add_argument(
        "--control-port",
        type=int,
        default=0,
        help="of the control; any free one by default",
    )
    run.add_argument(
        "--supplier-port",
        type=int,
        help="also run the supplier's pairing service there; 0 is any",
    )
    run.add_argument(
        "--supplier-token", help="its bearer token; one is drawn by default"
    )
    run.add_argument(
        "--state", type=Path, help="a folder that keeps stick and hub between runs"
    )
    run.add_argument(
        "--pcap",
        type=Path,
        help="write the traffic to this file, and its keys beside it",
    )
    run.add_argument(
        "--verbose", action="store_true", help="tell what is dropped, and why"
    )
    return made


def configuration(arguments: argparse.Namespace) -> HanConfig:
    """Return the network that a command line describes."""
    fuels = (Fuel.ELECTRICITY,) if arguments.no_gas else tuple(Fuel)
    home = HomeConfig(
        smart_energy=SmartEnergy(arguments.smart_energy),
        seed=arguments.seed,
        fuels=fuels,
        tariffs={Fuel.ELECTRICITY: arguments.tariff, Fuel.GAS: "gas_flat"},
        prepayment=tuple(arguments.prepayment),
    )
    config = HanConfig(
        seed=arguments.seed,
        channel=arguments.channel,
        suites=arguments.suite,
        slots=SMETS2_SLOTS if arguments.smets2 else SMETS1_SLOTS,
        ihd=arguments.ihd,
        home=home,
        ezsp_version=arguments.ezsp,
        stick_cbke=arguments.suite if arguments.stick_cbke else (),
        state=arguments.state,
        port=arguments.port,
    )
    if arguments.eui64 is not None:
        config = replace(config, stick_eui64=arguments.eui64)
    if arguments.install_code is not None:
        config = replace(config, install_code=arguments.install_code)
    return config


async def serve(arguments: argparse.Namespace, stop: asyncio.Event) -> None:
    """Run a network until the event is set; what there is to know is printed."""
    async with contextlib.AsyncExitStack() as stack:
        capture = None
        if arguments.pcap is not None:
            # Stamped with the network's time, which may run faster than ours.
            capture = stack.enter_context(
                Capture.open(arguments.pcap, lambda: han.clock.now().timestamp())
            )
        han = VirtualHan(configuration(arguments), capture=capture)
        han.clock.set_speed(arguments.speed)
        if capture is not None:
            stack.callback(_write_keys, arguments.pcap.with_suffix(".keys"), han)
        await stack.enter_async_context(han)
        supplier = None
        if arguments.supplier_port is not None:
            token = arguments.supplier_token or secrets.token_urlsafe(16)
            supplier = SupplierService(
                Desk(han.clock, HanDoor(han)), token=token, port=arguments.supplier_port
            )
            await stack.enter_async_context(supplier)
        control = await stack.enter_async_context(
            Control(han, supplier, port=arguments.control_port)
        )
        if arguments.admit:
            han.admit()
        for fault, probability in arguments.fault:
            han.faults.inject(fault, count=None, probability=probability)
        print(f"stick         {han.url}")
        print(f"control       {control.url}")
        if supplier is not None:
            print(f"supplier      {supplier.url}  token {token}")
        flash = han.ncp.flash
        print(f"EUI-64        {flash.eui64.hex(':').upper()}")
        print(f"install code  {with_crc(flash.install_code).hex().upper()}")
        for bit in han.config.suites:
            print(han.credentials(bit).as_text())
        print(
            "Test keys and certificates: they open nothing but this network. Ctrl-C ends it.",
            flush=True,
        )
        await stop.wait()


def _write_keys(path: Path, han: VirtualHan) -> None:
    keys = {"network": han.hub.network.key}
    for member in han.hub.members.values():
        keys["join"] = member.join_key
        if member.key is not None:
            keys["link"] = member.key
    write_keys(path, keys)


async def run(arguments: argparse.Namespace) -> int:
    """Run until a signal; return the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await serve(arguments, stop)
    except (VirtualHanError, OSError, ValueError) as err:
        print(f"The virtual network cannot run: {err}", file=sys.stderr)
        return 1
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.DEBUG if options.verbose else logging.WARNING)
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
