"""What becomes of a request when something else is asked for."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.smets1_cad.flow.correction import held_by_service, rewritten
from custom_components.smets1_cad.pairing.life import Pairing, PairingError
from custom_components.smets1_cad.pairing.states import PairingState

from ..test_pairing_watch import REQUEST

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONSENTED = replace(REQUEST, consent_id="ba9876543210", consent_sha256="cd" * 32)
OTHER = replace(CONSENTED, supplier="Another Energy")


def at(*states: PairingState) -> Pairing:
    pairing = Pairing.record(REQUEST, NOW)
    for state in states:
        pairing = pairing.advance(state, NOW)
    return pairing


def test_what_is_on_its_way_keeps_what_was_sent() -> None:
    """Its key stands for it, so that a service would refuse anything else under it."""
    sending = at(PairingState.SENDING)
    assert rewritten(sending, CONSENTED, NOW, new_code=False) == sending


@pytest.mark.parametrize("new_code", [True, False])
def test_unpairing_is_not_disturbed(new_code: bool) -> None:
    unpairing = at(PairingState.SENT, PairingState.UNPAIR_RECORDED)
    with pytest.raises(PairingError):
        rewritten(unpairing, OTHER, NOW, new_code=new_code)


def test_refusal_stays_when_only_consent_is_renewed() -> None:
    refused = at(PairingState.SENT, PairingState.REFUSED)
    after = rewritten(refused, CONSENTED, NOW, new_code=False)
    assert after == replace(refused, request=CONSENTED)


def test_new_firmware_of_the_stick_makes_no_other_request() -> None:
    """It is updated while the supplier works; what was asked for stays what it is."""
    sent = at(PairingState.SENT)
    updated = replace(CONSENTED, cad=replace(REQUEST.cad, firmware="8.0.0"))
    assert rewritten(sent, updated, NOW, new_code=False) == replace(
        sent, request=updated
    )


def test_new_code_makes_another_request() -> None:
    sent = at(PairingState.SENT)
    after = rewritten(sent, REQUEST, NOW, new_code=True)
    assert after.state is PairingState.RECORDED
    assert after.key != sent.key


def test_what_a_service_holds() -> None:
    named = replace(at(PairingState.SENT), service_id="P00001")
    assert held_by_service(named)
    assert not held_by_service(at(PairingState.SENT))
    assert not held_by_service(named.advance(PairingState.REFUSED, NOW))
    paired = named
    for state in (PairingState.HAN_OPEN, PairingState.JOINING, PairingState.PAIRED):
        paired = paired.advance(state, NOW)
    assert not held_by_service(paired)
