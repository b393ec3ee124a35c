"""What an object still holds."""

import gc
from types import FunctionType, ModuleType


def reachable(root: object) -> list[object]:
    """Return everything that an object refers to, but through no module, class or function."""
    seen: dict[int, object] = {}
    left = [root]
    while left:
        item = left.pop()
        if id(item) in seen or isinstance(item, ModuleType | type | FunctionType):
            continue
        seen[id(item)] = item
        left += gc.get_referents(item)
    return list(seen.values())
