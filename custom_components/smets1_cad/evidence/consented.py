"""What a person has consented to, shown to them again: the record, and the wording as it was (R2).

It names the household: it is shown in a dialog, and neither logged nor stored.
"""

from datetime import datetime

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..consent.consents import ConsentRecord, Consents
from ..consent.text import load_consent_text
from ..pairing.identity import Ihd
from ..smart_energy.eui64 import Eui64
from ..store import JsonObject
from .page import load_page


async def async_wording_again(
    hass: HomeAssistant, record: ConsentRecord
) -> JsonObject | None:
    """Return the wording and its boxes as they were shown; None where what filled its blanks is erased."""
    if record.identity is None:
        return None
    text = await hass.async_add_executor_job(
        load_consent_text, record.wording.language, record.wording.version
    )
    shown = text.show_again(record.wording, has_ihd=record.identity.ihd is not Ihd.NONE)
    return {
        "record_id": record.record_id,
        "title": shown.title,
        "body": shown.body,
        "boxes": {
            box.value: {"words": words, "ticked": box in record.boxes}
            for box, words in shown.boxes.items()
        },
        "matches_hash": shown.wording.shown_sha256 == record.wording.shown_sha256,
    }


async def async_consent_in_words(hass: HomeAssistant, consents: Consents) -> str:
    """Return the consent that was given last, in Markdown, in Home Assistant's language and time.

    The wording keeps the language that it was read in. There has to be a record.
    """
    record, grant = consents.records[-1], consents.grant
    is_given = grant is not None and grant.is_valid
    wording = await async_wording_again(hass, record)
    page = await hass.async_add_executor_job(load_page, hass.config.language)
    return page.consent(
        {
            "in_force": is_given,
            "given_at": _local(record.given_at),
            "withdrawn_at": record.withdrawn_at and _local(record.withdrawn_at),
            "reason": record.withdrawal,
            # A shorter time than the wording promises may have been set since.
            "expires_at": _local(
                grant.expires_at if grant is not None else record.expires_at
            ),
            "period_days": (record.expires_at - record.given_at).days,
            **_declared(record),
            "record_id": record.record_id,
            "wording": record.wording.as_dict(),
            "matches_hash": wording and wording["matches_hash"],
        },
        wording,
    )


def _local(when: datetime) -> str:
    return f"{dt_util.as_local(when):%Y-%m-%d %H:%M}"


def _declared(record: ConsentRecord) -> JsonObject:
    """Return who consented for which home, meters, CAD and supplier, as far as it is not erased."""
    fuels = sorted(fuel.value for fuel in record.fuels)
    if record.identity is None:
        return {"identity": "erased", "fuels": fuels}
    declared = record.identity.as_dict()
    return {
        # Who supplies which fuel is in the name that the wording gave.
        **{name: value for name, value in declared.items() if name != "suppliers"},
        "supplier": record.supplier,
        "eui64": record.cad and Eui64.parse(record.cad).with_hyphens,
    }
