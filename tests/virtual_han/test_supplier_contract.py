"""The pairing service keeps to its contract, and the contract holds together."""

from collections.abc import AsyncGenerator
import copy
from typing import Any

import jsonschema
import pytest

from virtual_han.supplier import Behaviour

from .pairing import (
    CODE,
    CONTRACT,
    QUOTE,
    REQUEST,
    TENANCY,
    UNPAIRING,
    Client,
    conforms,
    serving,
)


@pytest.fixture
async def client() -> AsyncGenerator[Client]:
    async with serving() as client:
        yield client


def _changed(body: Any, path: str, value: Any) -> Any:
    """Return a body with one member changed, or (value ...) left out."""
    body = copy.deepcopy(body)
    *parents, name = path.split("/")[1:]
    place = body
    for parent in parents:
        place = place[parent]
    if value is ...:
        del place[name]
    else:
        place[name] = value
    return body


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("/quote_id", ..., "missing"),
        ("/quote_id", "spaces not", "malformed"),
        ("/accepted_price/amount", "12.5", "malformed"),
        ("/accepted_price/currency", "gbp", "malformed"),
        ("/consumer", [], "malformed"),
        ("/consumer/name", "", "malformed"),
        ("/consumer/name", "x" * 101, "malformed"),
        ("/consumer/postcode", "sw1a2aa", "malformed"),
        ("/consumer/premises", "factory", "not_allowed"),
        ("/consumer/relation", ..., "missing"),
        ("/consumer/phone", "1" * 21, "malformed"),
        ("/meters", {}, "malformed"),
        ("/meters/mpan", "123", "malformed"),
        ("/meters/mpan", 2000024512368, "malformed"),
        ("/meters/mprn", "12345", "malformed"),
        ("/meters/electricity_serial", "x" * 25, "malformed"),
        ("/fuels", [], "malformed"),
        ("/fuels", ["gas", "gas"], "malformed"),
        ("/fuels", ["coal"], "not_allowed"),
        ("/fuels", "gas", "malformed"),
        ("/cad/eui64", "00124B0001ABCDEF", "malformed"),
        ("/cad/kind", "wifi", "not_allowed"),
        ("/cad/install_code", ..., "missing"),
        ("/cad/install_code", CODE.hex().upper() + "C3B5", "malformed"),
        ("/consent/energy_consumer", False, "not_allowed"),
        ("/consent/ihd_explained", ..., "missing"),
        ("/consent/given_at", 5, "malformed"),
        ("/consent/text_sha256", "0" * 63, "malformed"),
        ("/ihd", "perhaps", "not_allowed"),
        ("/available", "x" * 301, "malformed"),
    ],
)
async def test_the_service_and_its_contract_refuse_the_same(
    client: Client, path: str, value: Any, problem: str
) -> None:
    """The schema says no, and the service says where."""
    await client.quote()
    body = _changed(REQUEST, path, value)
    assert conforms(REQUEST, "PairingRequest")
    assert not conforms(body, "PairingRequest")
    status, answer = await client.call("POST", "/pairing-requests", body)
    assert status == 400
    assert answer["errors"] == [{"field": path, "problem": problem}]
    assert CODE.hex().upper() not in str(answer)


@pytest.mark.parametrize("given", ["yesterday", "2026-11-22T13:00:00"])
async def test_times_have_a_zone(client: Client, given: str) -> None:
    body = _changed(REQUEST, "/consent/given_at", given)
    assert (await client.call("POST", "/pairing-requests", body))[1]["errors"] == [
        {"field": "/consent/given_at", "problem": "malformed"}
    ]


async def test_a_check_digit_is_more_than_the_contract_can_say(client: Client) -> None:
    body = _changed(QUOTE, "/meters/mpan", "2000024512369")
    assert conforms(body, "QuoteRequest")
    assert (await client.call("POST", "/quotes", body))[1]["errors"] == [
        {"field": "/meters/mpan", "problem": "check_digit"}
    ]


def test_examples_are_of_the_contract() -> None:
    assert conforms(QUOTE, "QuoteRequest")
    assert conforms(UNPAIRING, "UnpairingRequest")
    assert conforms(TENANCY, "TenancyChange")


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["$ref"]} if "$ref" in node else set()
        return found.union(*map(_references, node.values()))
    if isinstance(node, list):
        return set().union(*map(_references, node))
    return set()


def test_the_contract_holds_together() -> None:
    """Every reference leads somewhere, every part is referred to, every schema is one."""
    references = _references(CONTRACT)
    for reference in references:
        place: Any = CONTRACT
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]
    components = CONTRACT["components"]
    parts = {
        f"#/components/{kind}/{name}"
        for kind in components.keys() - {"securitySchemes"}
        for name in components[kind]
    }
    assert parts == references
    for schema in components["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    operations = [
        item[method]["operationId"]
        for item in CONTRACT["paths"].values()
        for method in item.keys() & {"get", "post"}
    ]
    assert len(set(operations)) == len(operations) == 7


async def test_every_operation_of_the_contract_is_served(client: Client) -> None:
    """Each path and method answers with something else than "no such place"."""
    await client.quote()
    await client.submit()
    for path, item in CONTRACT["paths"].items():
        for method in set(item) & {"get", "post"}:
            place = path.replace("{request_id}", "P00001")
            await client.call(method.upper(), place, {}, key="operation-key-01")
            assert client.service.seen[-1] == (method.upper(), "/v1" + place)
            status, answer = await client.call(
                method.upper(), place, {}, key="operation-key-02"
            )
            assert status != 404 or "unpairing" in path, answer


def test_the_contract_names_every_reason_and_state_in_use() -> None:
    schemas = CONTRACT["components"]["schemas"]
    reasons = schemas["Reason"]["properties"]["code"]["enum"]
    assert Behaviour().refusal in reasons
    assert {"security", "consumer_asked", "identity_not_confirmed"} <= set(reasons)
