"""Start Home Assistant, check it, keep it until somebody asks it to stop."""

import argparse
import asyncio
import contextlib
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
import json
import signal
import sys
from typing import TextIO

from virtual_han.meters.home import MPAN, MPRN

from .compare import as_table, tally, until_all_agree
from .instance import DOMAIN, PASSWORD, ROOT, USER, DemoError, HomeAssistantInstance
from .leave import change_tenancy, unpair
from .network import Network, network
from .port import reserved_port
from .pretence import LAUNCH, environment, move_to
from .walk import pair

FOLDER = ROOT / ".demo"

_people: TextIO = sys.stdout


def say(text: str) -> None:
    """Tell the person at the keyboard; what programs read goes to standard output alone."""
    print(text, file=_people, flush=True)


async def check(home: HomeAssistantInstance) -> str:
    """Check over Home Assistant's API that it lists the integration.

    Raises:
        DemoError: it does not.
    """
    listed = await home.command("integration/descriptions")
    integration = listed["custom"]["integration"].get(DOMAIN)
    if integration is None:
        raise DemoError(f"Home Assistant does not list {DOMAIN} among its integrations")
    version = (await home.request("GET", "/api/config"))["version"]
    return f"Home Assistant {version} lists {integration['name']} ({DOMAIN})."


async def show(
    home: HomeAssistantInstance, network: Network, arguments: argparse.Namespace
) -> None:
    """Pair the virtual CAD, hold every entity against the virtual network, and leave if asked to.

    Raises:
        DemoError: a step goes another way, or an entity does not agree in time.
    """
    steps: list[str] = []

    def note(text: str) -> None:
        steps.append(text.strip())
        say(text)

    note("Pairing a virtual stick with a virtual home, step by step:")
    entry_id = await pair(home, network, note)
    comparison = await until_all_agree(home, network, entry_id)
    referee = network.han.referee.counts()
    if arguments.json:
        report = {
            "steps": steps,
            "entities": [asdict(row) for row in comparison.rows],
            "agree": comparison.agrees,
            "tally": tally(comparison.rows),
            "seconds": round(comparison.seconds, 1),
            "referee": referee,
        }
        print(json.dumps(report, ensure_ascii=False), flush=True)
    say(f"\n{as_table(comparison.rows)}\n")
    say(f"The referee of the virtual network counts: {referee}")
    outcome = comparison.outcome("set-up")
    network.hold_to_the_rules()
    say(outcome)
    if arguments.unpair:
        await unpair(home, network, entry_id, say)
    if arguments.tenancy:
        await change_tenancy(home, network, entry_id, say)


def card(network: Network) -> str:
    """Return what to type in the browser."""
    return "\n".join(
        (
            "What to type (Settings > Devices & services > Add integration > SMETS1 CAD):",
            f"  Radio               {network.han.url}",
            "  Certificate         paste these three lines:",
            *(f"    {line}" for line in network.certificate.splitlines()),
            "  Name, address       anything; postcode N1 9GU",
            f"  MPAN, MPRN          {MPAN}, {MPRN}",
            f"  Pairing service     {network.supplier.url}",
            f"  Token               {network.token}",
            f"The virtual network is steered at {network.control.url}/",
        )
    )


async def run(arguments: argparse.Namespace) -> None:
    """Start Home Assistant and keep it until somebody asks it to stop."""
    stop = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def ask_to_stop() -> None:
        # The first signal ends the wait in order, and interrupts a start.
        if stop.is_set():
            return
        stop.set()
        if not serving:
            task.cancel()

    serving = False
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, ask_to_stop)

    with reserved_port(arguments.port, FOLDER) as port:
        if port != arguments.port:
            say(f"Port {arguments.port} is taken; using {port}.")
        say("Starting Home Assistant ...")
        move = move_to(arguments.at, datetime.now(UTC)) if arguments.at else timedelta()
        with contextlib.suppress(asyncio.CancelledError):
            async with (
                network(move=move, load=arguments.load) as virtual,
                HomeAssistantInstance(
                    port,
                    FOLDER,
                    keep=arguments.keep,
                    environment=environment(move),
                    launch=("-c", LAUNCH) if move else ("-m", "homeassistant"),
                ) as home,
            ):
                say(await check(home))
                if arguments.manual:
                    say(card(virtual))
                else:
                    await show(home, virtual, arguments)
                say(
                    f"Home Assistant is ready at {home.url}/ (user {USER}, password {PASSWORD}). Ctrl-C stops it."
                )
                serving = True
                if not arguments.once:
                    await stop.wait()
    say("Stopped.")
    if stop.is_set() and not serving:
        sys.exit(130)


def main() -> int:
    """Parse the arguments, run, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Run Home Assistant with smets1_cad, to try it.",
    )
    parser.add_argument(
        "--port",
        type=int,
        default=8123,
        help="the first port to try (default: %(default)s)",
    )
    parser.add_argument(
        "--manual",
        action="store_true",
        help="leave the pairing to you, in the browser, with a card of what to type",
    )
    parser.add_argument(
        "--json", action="store_true", help="print steps and entities as JSON"
    )
    parser.add_argument(
        "--once",
        action="store_true",
        help="start, hold every entity against the virtual network, stop; exit 0 only if all agree",
    )
    parser.add_argument(
        "--unpair", action="store_true", help="then have the CAD unpaired"
    )
    parser.add_argument(
        "--tenancy",
        action="store_true",
        help="then change the tenancy, and search every file for the earlier tenant",
    )
    parser.add_argument(
        "--at",
        type=time.fromisoformat,
        metavar="HH:MM[:SS]",
        help="begin at this time of today, by Home Assistant's clock and the meters' (needs libfaketime)",
    )
    parser.add_argument(
        "--load",
        type=float,
        default=1.0,
        metavar="TIMES",
        help="let the virtual home use so many times as much energy (default: 1)",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep Home Assistant's folder and log, below .demo/",
    )
    global _people  # noqa: PLW0603 - one program, one place to talk to
    arguments = parser.parse_args()
    if arguments.json:
        _people = sys.stderr
    try:
        asyncio.run(run(arguments))
    except (DemoError, OSError) as err:
        print(f"demo: {err}", file=sys.stderr)
        return 1
    return 0
