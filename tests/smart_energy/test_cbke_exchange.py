"""Initiator and responder against each other, with certificates of a CA made here."""

import pytest
from zigpy.types import EUI64

from custom_components.smets1_cad.smart_energy.cbke import Initiator, Responder
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite

from .authority import Authority
from .exchange import Side, run

CAD = EUI64.convert("00:22:08:00:00:00:00:0a")
HUB = EUI64.convert("00:22:08:00:00:00:00:01")


@pytest.mark.parametrize("suite", CryptoSuite)
def test_both_sides_get_the_same_key(suite: CryptoSuite) -> None:
    authority = Authority(suite)
    initiator = Side(Initiator(authority.issue(CAD).credentials(), HUB), CAD)
    responder = Side(Responder([authority.issue(HUB).credentials()]), HUB)
    run(initiator, responder)
    (here,), (there,) = initiator.established, responder.established
    assert (here.partner, there.partner) == (HUB, CAD)
    assert here.suite is there.suite is suite
    assert here.link_key == there.link_key
    assert len(here.link_key) == 16
    assert [send.command_id for send in initiator.sent] == [0, 1, 2]
    assert [send.command_id for send in responder.sent] == [0, 1, 2]
    assert initiator.timer is responder.timer is None
