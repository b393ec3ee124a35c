"""A client of the pairing service that checks every answer against the contract."""

from collections.abc import AsyncGenerator
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import jsonschema
import yaml

from virtual_han.clock import Clock
from virtual_han.supplier import Behaviour, Desk, SupplierService

START = datetime(2026, 11, 22, 13, 7, tzinfo=UTC)
TOKEN = "a token"
KEY = "0123456789abcdef"
EUI64 = bytes.fromhex("00124B0001ABCDEF")
CODE = bytes.fromhex("83FED3407A939723A5C639B26916D505")
CONTRACT = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "pairing-service.openapi.yaml").read_text(
        encoding="utf-8"
    )
)

METERS = {"mpan": "2000024512368", "mprn": "3938424403"}
CAD = {"eui64": "00-12-4B-00-01-AB-CD-EF", "kind": "zigbee", "model": "Stick"}
QUOTE = {"fuels": ["electricity", "gas"], "meters": METERS, "cad": CAD}
REQUEST = {
    "quote_id": "Q00001",
    "accepted_price": {"amount": "0.00", "currency": "GBP"},
    "consumer": {
        "name": "A. Person",
        "postcode": "SW1A 2AA",
        "premises": "domestic",
        "relation": "occupier",
        "email": "a@example.org",
    },
    "meters": METERS,
    "fuels": ["electricity", "gas"],
    "cad": {**CAD, "install_code": CODE.hex().upper()},
    "consent": {
        "consent_id": "c-1",
        "given_at": "2026-11-22T13:00:00Z",
        "text_version": "1",
        "text_sha256": "0" * 64,
        "fuels": ["electricity", "gas"],
        "energy_consumer": True,
        "third_parties_explained": True,
        "ihd_explained": True,
    },
    "ihd": "none",
}
UNPAIRING = {
    "eui64": "00-12-4B-00-01-AB-CD-EF",
    "meters": METERS,
    "why": "consent_withdrawn",
}
TENANCY = {
    "meters": METERS,
    "effective_at": "2026-12-01T00:00:00Z",
    "reported_by": "old_tenant",
}


def conforms(value: Any, schema: str) -> bool:
    """Say whether a value is as the contract's schema says."""
    validator = jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", **CONTRACT}
    )
    return validator.is_valid(value)


class Hub:
    """A hub that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []
        self.paired: set[bytes] = set()

    def admit(self, eui64: bytes, install_code: bytes, seconds: float) -> None:
        self.told.append(("admit", eui64, install_code, seconds))

    def is_paired(self, eui64: bytes) -> bool:
        return eui64 in self.paired

    def remove(self, eui64: bytes) -> None:
        self.told.append(("remove", eui64))
        self.paired.discard(eui64)


class Client:
    """A client that checks every answer against the contract."""

    def __init__(
        self,
        service: SupplierService,
        session: aiohttp.ClientSession,
        clock: Clock,
        hub: Hub,
    ) -> None:
        self.service, self.session, self.clock, self.hub = service, session, clock, hub
        self.headers: dict[str, str] = {}

    @property
    def behaviour(self) -> Behaviour:
        return self.service.desk.behaviour

    async def call(
        self, method: str, path: str, body: Any = None, key: str | None = KEY
    ) -> tuple[int, Any]:
        """Send a request; returns status and body, which fits the contract."""
        headers = {"Authorization": f"Bearer {TOKEN}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        async with self.session.request(
            method, self.service.url + path, json=body, headers=headers
        ) as response:
            answer = await response.json(content_type=None)
            self.headers = dict(response.headers)
            if response.status >= 400:
                assert response.content_type == "application/problem+json"
                assert conforms(answer, "Problem"), answer
                assert answer["status"] == response.status
            else:
                assert response.content_type == "application/json"
            return response.status, answer

    async def quote(self) -> Any:
        status, quote = await self.call("POST", "/quotes", QUOTE, key=None)
        assert status == 200
        assert conforms(quote, "Quote"), quote
        return quote

    async def submit(self, key: str = KEY, **changes: Any) -> tuple[int, Any]:
        status, answer = await self.call(
            "POST", "/pairing-requests", REQUEST | changes, key
        )
        assert status >= 400 or conforms(answer, "PairingStatus"), answer
        return status, answer

    async def state(self, request_id: str = "P00001") -> Any:
        status, answer = await self.call(
            "GET", f"/pairing-requests/{request_id}", key=None
        )
        assert status == 200
        assert conforms(answer, "PairingStatus"), answer
        return answer["state"]

    async def after(self, seconds: float) -> Any:
        """Let time pass, and look."""
        self.clock.advance(seconds)
        return await self.state()


@contextlib.asynccontextmanager
async def serving() -> AsyncGenerator[Client]:
    """Run a service on loopback, and give a client of it."""
    clock, hub = Clock(START, speed=0), Hub()
    service = SupplierService(Desk(clock, hub), token=TOKEN)
    async with service, aiohttp.ClientSession() as session:
        yield Client(service, session, clock, hub)
