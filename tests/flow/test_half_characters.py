"""Text with half a character, as a cut emoji leaves it: said at its field, and told to no log."""

import pytest

from custom_components.smets1_cad.store import StoreError, async_get_store
from homeassistant.core import HomeAssistant

from .walk import HOME, TICKED, Walk


@pytest.mark.parametrize("field", ["name", "address", "postcode"])
async def test_half_an_emoji_is_said_at_its_field(
    walk: Walk, caplog: pytest.LogCaptureFixture, field: str
) -> None:
    caplog.set_level("DEBUG")
    await walk.to_home()
    await walk.fill("home", **HOME | {field: HOME[field] + "\ud83d"})
    assert field in walk.at["errors"]
    assert HOME[field] not in caplog.text


@pytest.mark.parametrize("field", ["hardware", "certification", "available"])
async def test_half_an_emoji_reaches_no_supplier(walk: Walk, field: str) -> None:
    """It would be sent as a character that is none."""
    await walk.to_consent()
    await walk.fill("consent", **TICKED)
    await walk.fill("pairing_details", **{field: "Evenings \ud83d"})
    walk.shows("pairing_details", {field: "detail_characters"})
    assert walk.suggested() == {field: "Evenings \ud83d"}
    await walk.fill("pairing_details", **{field: "Evenings \U0001f600"})
    assert walk.at["step_id"] == "request"


async def test_half_an_emoji_is_no_part_of_an_email_address(walk: Walk) -> None:
    await walk.to_home()
    await walk.fill("home", **HOME | {"email": "gwen\ud83d@example.uk"})
    walk.shows("home", {"email": "email"})


async def test_what_cannot_be_written_is_refused_without_a_word_of_it(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    store = await async_get_store(hass, "00:0d:6f:00:0a:90:69:e7")
    with pytest.raises(StoreError, match="characters") as caught:
        await store.pairing.save({"name": "Canary\ud83d"})
    assert "Canary" not in f"{caught.value} {caplog.text}"
    assert await store.pairing.load() is None
