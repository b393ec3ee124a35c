"""What a stick remembers, and two sticks that change places."""

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.smart_energy.network import WrongStick
from virtual_han.han import VirtualHan

from .han_session import Watched

OTHER = bytes.fromhex("00124B0001ABCDE0")
"""The EUI-64 of a stick that is not the CAD's."""


def swap(one: VirtualHan, two: VirtualHan) -> None:
    """Plug each of two sticks in where the other one was."""
    for han in (one, two):
        han.ncp.unplug()
    one.stick.ncp, two.stick.ncp = two.stick.ncp, one.stick.ncp


def memory_of(han: VirtualHan) -> tuple[str, bytes | None, dict[int, bytes]]:
    """Return everything that a stick remembers."""
    flash = han.ncp.flash
    key = None if flash.network is None else flash.network.key
    return repr(flash), key, dict(flash.tokens)


def is_held_off(watched: Watched) -> bool:
    """Whether the link says that another stick is there, and when it looks again."""
    status = watched.session.status
    return (
        status.state is LinkState.DISCONNECTED
        and isinstance(status.error, WrongStick)
        and status.next_attempt is not None
    )
