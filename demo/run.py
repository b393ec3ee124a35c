"""Start Home Assistant, check it, keep it until somebody asks it to stop."""

import argparse
import asyncio
import contextlib
import signal
import sys

from .instance import DOMAIN, PASSWORD, ROOT, USER, DemoError, HomeAssistantInstance
from .port import reserved_port

FOLDER = ROOT / ".demo"


async def check(home: HomeAssistantInstance) -> str:
    """Check over Home Assistant's API that the integration is there and its flow starts.

    Raises:
        DemoError: it is not.
    """
    listed = await home.command("integration/descriptions")
    integration = listed["custom"]["integration"].get(DOMAIN)
    if integration is None:
        raise DemoError(f"Home Assistant does not list {DOMAIN} among its integrations")
    step = await home.request(
        "POST", "/api/config/config_entries/flow", json={"handler": DOMAIN}
    )
    if step["type"] != "form" or step["step_id"] != "user":
        raise DemoError(f"the config flow of {DOMAIN} does not start: {step}")
    await home.request("DELETE", f"/api/config/config_entries/flow/{step['flow_id']}")
    version = (await home.request("GET", "/api/config"))["version"]
    return f"Home Assistant {version} lists {integration['name']} ({DOMAIN}), and its config flow starts."


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
            print(f"Port {arguments.port} is taken; using {port}.", flush=True)
        print("Starting Home Assistant ...", flush=True)
        with contextlib.suppress(asyncio.CancelledError):
            async with HomeAssistantInstance(port, FOLDER, keep=arguments.keep) as home:
                print(await check(home), flush=True)
                print(
                    f"Home Assistant is ready at {home.url}/ (user {USER}, password {PASSWORD}). Ctrl-C stops it.",
                    flush=True,
                )
                serving = True
                if not arguments.once:
                    await stop.wait()
    print("Stopped.", flush=True)
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
        "--once",
        action="store_true",
        help="start, check that all is there, stop; exit 0 if it was",
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="keep Home Assistant's folder and log, below .demo/",
    )
    try:
        asyncio.run(run(parser.parse_args()))
    except (DemoError, OSError) as err:
        print(f"demo: {err}", file=sys.stderr)
        return 1
    return 0
