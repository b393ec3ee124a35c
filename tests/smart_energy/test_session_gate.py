"""What leaves while no session runs with consent: nothing (R1)."""

import pytest

from custom_components.smets1_cad.cad.link import ConsentMissing
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.cad.pacing import Burst
from custom_components.smets1_cad.smart_energy.session.gate import Gate

from .test_session_parts import KEEP_ALIVE, METER, READ_REGISTER, READ_SCALING, packet


def missing() -> None:
    raise ConsentMissing("Consent has ended.")


@pytest.mark.parametrize(
    ("cluster", "payload"),
    [
        pytest.param(METER, READ_REGISTER, id="a register"),
        pytest.param(METER, READ_SCALING, id="scaling"),
        pytest.param(METER, "08010b0a00", id="a default response"),
        pytest.param(KEEP_ALIVE, "00010000000100", id="a keep-alive"),
        pytest.param(0x0800, "0001000000", id="key establishment"),
    ],
)
def test_r1_nothing_leaves_without_consent_nor_is_it_counted(
    cluster: int, payload: str
) -> None:
    gate = Gate(missing)
    gate.set_fuels({2: Fuel.ELECTRICITY})
    burst = Burst(Fuel.ELECTRICITY)
    with gate.during(burst), pytest.raises(ConsentMissing):
        gate.check(packet(cluster, payload))
    assert burst.frames == 0
    assert not gate.read_once
    assert not gate.guard.allowed
    assert not gate.guard.denied
