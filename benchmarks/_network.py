"""A virtual home area network in a process of its own, so that its work is not counted.

`python -m benchmarks._network SUITE` runs one that has let its stick in, says where it is as
JSON, and ends when its standard input does.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
import json
import subprocess
import sys
from typing import Any

from virtual_han.han import HanConfig, VirtualHan


@asynccontextmanager
async def network_process(suite: int) -> AsyncGenerator[dict[str, Any]]:
    """Run one; yield its `url` and its stick's `certificate` as text."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks._network",
        str(suite),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def _run(suite: int) -> None:
    async with VirtualHan(HanConfig(suites=(suite,))) as han:
        han.admit(3600)
        told = {"url": han.url, "certificate": han.credentials(suite).as_text()}
        print(json.dumps(told), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
