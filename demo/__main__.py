"""Run the demo: python -m demo, or scripts/demo, which also makes its environment."""

import signal
import sys
from types import FrameType


def _interrupted(_number: int, _frame: FrameType | None) -> None:
    print("Stopped before anything was started.", flush=True)
    sys.exit(130)


# Before anything slow is imported: Ctrl-C may come at any moment.
signal.signal(signal.SIGINT, _interrupted)

from .run import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
