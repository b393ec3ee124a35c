"""Debug logs: all of a join and a reading may be shown to anybody."""

from ast import literal_eval
import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
import logging
import os
import tty

import pytest

from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import (
    ElectricityReading,
    GasReading,
    MeterIdentity,
)
from custom_components.smets1_cad.radio.privacy import (
    private,
    without_line,
    without_octets,
)
from custom_components.smets1_cad.radio.probe import probe
from custom_components.smets1_cad.radio.stick import EzspRadio
from virtual_han.han import VirtualHan

from .han_session import Watched, session_on
from .virtual import connected, link_key, virtual_han


def forms(octets: bytes) -> Iterator[str]:
    """Return every form in which octets might be logged."""
    for order in (octets, octets[::-1]):
        yield order.hex()
        yield order.hex(":")
        yield order.hex(" ")
        yield repr(order)[2:-1]
        yield repr(list(order))[1:-1]
        yield ", ".join(f"0x{octet:02x}" for octet in order)
    if octets.isascii() and octets.decode().isprintable():
        yield octets.decode()


def found(octets: bytes, records: list[logging.LogRecord]) -> list[str]:
    """Return the entries that tell octets, in whatever capitals."""
    told = [
        f"{one.getMessage()} {one.args!r} {one.exc_text} {one.exc_info!r}".lower()
        for one in records
    ]
    return [
        text for text in told if any(form.lower() in text for form in forms(octets))
    ]


def canaries(han: VirtualHan, watched: Watched | None = None) -> dict[str, bytes]:
    """Return what must not be told: given to the network, or read from its meters."""
    values = {
        "install_code": bytes(han.config.install_code),
        "link_key": bytes(link_key(han)),
    }
    for one in watched.told(MeterIdentity) if watched else ():
        assert one.site_id
        assert one.serial_number
        values[f"{one.fuel} site"] = one.site_id.encode()
        values[f"{one.fuel} serial"] = one.serial_number.encode()
    return values


@pytest.mark.parametrize("ezsp_version", [13, 18])
async def test_join_and_reading_tell_no_secret(
    ezsp_version: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(1)
    async with virtual_han(ezsp_version=ezsp_version) as han:
        han.admit()
        async with session_on(han) as watched:
            await watched.until(
                lambda: (
                    bool(watched.told(ElectricityReading))
                    and bool(watched.told(GasReading))
                    and len(watched.told(MeterIdentity)) == 2
                )
            )
            assert watched.session.status.state is LinkState.RUNNING
        records = [one for one in caplog.records if not one.name.startswith("virtual")]
        secrets = canaries(han, watched)
        assert han.ncp.flash.network is not None
        secrets["network_key"] = bytes(han.ncp.flash.network.key)
        secrets["established_key"] = bytes(han.ncp.flash.link_key)
        assert len(set(secrets.values())) == 8
        assert {name: found(one, records) for name, one in secrets.items()} == {
            name: [] for name in secrets
        }
    text = "\n".join(one.getMessage() for one in records)
    for useful in ("setInitialSecurityState", "ReadAttributesResponse", "attrid=775"):
        assert useful in text


async def test_recognising_a_stick_tells_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The stick's maker may have written an install code into it."""
    caplog.set_level(1)
    async with virtual_han() as han:
        await probe(han.url)
        assert found(bytes(han.config.install_code), caplog.records) == []
    assert any("getMfgToken" in one.getMessage() for one in caplog.records)


@asynccontextmanager
async def serial_port(han: VirtualHan) -> AsyncGenerator[str]:
    """Put the network's stick behind a terminal, which serialx opens as it does a serial port."""
    host, port = han.url.removeprefix("socket://").split(":")
    master, slave = os.openpty()
    tty.setraw(slave)
    tty.setraw(master)
    os.set_blocking(master, False)
    reader, writer = await asyncio.open_connection(host, int(port))
    loop = asyncio.get_running_loop()

    def up() -> None:
        with suppress(OSError):
            writer.write(os.read(master, 4096))

    async def down() -> None:
        while data := await reader.read(4096):
            os.write(master, data)

    loop.add_reader(master, up)
    task = asyncio.create_task(down())
    try:
        yield os.ttyname(slave)
    finally:
        loop.remove_reader(master)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        writer.close()
        await writer.wait_closed()
        os.close(slave)
        os.close(master)


def on_the_line(records: list[logging.LogRecord]) -> bytes:
    """Return the octets that were sent and received, as far as entries tell them."""
    told = b""
    for record in records:
        _, way, literal = record.getMessage().partition("b'")
        with suppress(SyntaxError, ValueError):
            told += literal_eval(way + literal.rstrip(")"))
    return told


async def test_a_serial_port_tells_nothing_of_its_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What the link key looks like on the line can be undone, so no octet of the line is told."""
    caplog.set_level(1)
    async with virtual_han() as han:
        han.admit()
        async with serial_port(han) as path:
            await probe(path)
            radio = EzspRadio(path)
            await radio.connect()
            await radio.resume()
            (beacon,) = await radio.scan((15,))
            await radio.join(beacon, link_key(han))
            await radio.disconnect()
        assert han.ncp.flash.network is not None
        secrets = canaries(han) | {"key": bytes(han.ncp.flash.network.key)}
    line = [one for one in caplog.records if one.name.startswith("serialx")]
    assert {"Received <octets>", "Immediately writing <octets>"} <= {
        one.getMessage().replace("bytearray(<octets>)", "<octets>") for one in line
    }
    assert on_the_line(line) == b""
    assert [found(one, caplog.records) for one in secrets.values()] == [[], [], []]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Received b'~'", "Received <octets>"),
        (
            "Immediately writing bytearray(b'')",
            "Immediately writing bytearray(<octets>)",
        ),
        ("RX data: 2 bytes  [7e 1a]", "RX data: 2 bytes  [<octets>]"),
        ("RX data: 1 bytes  [7e]", "RX data: 1 bytes  [<octets>]"),
        ("Parser feed: 1 bytes: 7e", "Parser feed: 1 bytes: <octets>"),
        ("Sent 12 of 20 bytes", "Sent 12 of 20 bytes"),
        ("Opening serial port '/dev/x'", "Opening serial port <6 octets>"),
    ],
)
def test_no_piece_of_the_line_is_too_short(text: str, left: str) -> None:
    assert without_line(text) == left


async def test_others_are_logged_as_ever(caplog: pytest.LogCaptureFixture) -> None:
    """ZHA's stick shares the loggers; only what is done for ours is changed."""
    caplog.set_level(logging.DEBUG, "bellows.ash")
    log = logging.getLogger("bellows.ash")
    async with virtual_han() as han, connected(han):
        caplog.clear()
        log.debug("Received data %s", "00112233445566778899")
        (entry,) = caplog.records
        assert entry.args == ("00112233445566778899",)


def secret_filters() -> int:
    """Count filters on the libraries' loggers."""
    return sum(
        len(logger.filters)
        for name, logger in logging.Logger.manager.loggerDict.items()
        if name.startswith(("bellows", "serialx", "zigpy"))
        and isinstance(logger, logging.Logger)
    )


async def test_the_filter_goes_with_the_last_stick() -> None:
    async with virtual_han() as one, virtual_han() as other:
        assert secret_filters() == 0
        async with connected(one):
            count = secret_filters()
            assert count > 0
            async with connected(other):
                assert secret_filters() == count
            assert secret_filters() == count
        assert secret_filters() == 0


async def test_tracebacks_tell_no_octets(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("bellows.ash")
    async with virtual_han() as han, connected(han):
        with private():
            try:
                int(b"2000024512368x")
            except ValueError:
                log.warning("It failed", exc_info=True)
    assert "2000024512368" not in caplog.text
    assert "with base 10: <14 octets>" in caplog.text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Received data 7e00112233445566", "Received data <octets>"),
        ("ezsp_frame=b'\\x00\\x90\\'2000024', n=1", "ezsp_frame=<10 octets>, n=1"),
        ("b\"don't'\\x00\"", "<7 octets>"),
        ("Couldn't send x(b'2000024512368')", "Couldn't send x(<13 octets>)"),
        ("{'messageContents': b'ab', 'x': 1}", "{'messageContents': b'ab', 'x': 1}"),
        ("bytearray(b'1234567')", "bytearray(<7 octets>)"),
        ("key=" + ":".join(["0a"] * 16), "key=<octets>"),
        ("00:0d:6f:00:01:02:03:04", "00:0d:6f:00:01:02:03:04"),
        ("[1, 2, 3, 4, 5, 6, 7]", "<octets>"),
        ("[0x0000, 0x0702, 0x0703]", "[0x0000, 0x0702, 0x0703]"),
        ("value=12345678", "value=12345678"),
        ("label='Night rate'", "label=<10 octets>"),
    ],
)
def test_octets_are_recognised_in_every_notation(text: str, left: str) -> None:
    assert without_octets(text) == left
