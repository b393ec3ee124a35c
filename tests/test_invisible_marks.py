"""Numbers as they are copied from a web page or a PDF, with marks that nobody sees."""

import pytest

from custom_components.smets1_cad.pairing.identity import IdentityForm, check_identity
from custom_components.smets1_cad.pairing.meter_numbers import parse_mpan


@pytest.mark.parametrize("mark", ["\u200e", "\ufeff", "\u200b", "\u2060", "\u00ad"])
def test_marks_that_nobody_sees_are_no_part_of_a_number(mark: str) -> None:
    number = "2000024512368"
    assert parse_mpan(f"{mark}20 0002{mark}4512 368{mark}").core == number


@pytest.mark.parametrize(
    ("supplier", "reason"),
    [("E" * 101, "name_too_long"), ("E\ud83d", "name_characters")],
)
def test_the_name_of_a_supplier_is_a_name(supplier: str, reason: str) -> None:
    checked = check_identity(
        IdentityForm(mpan="2000024512368", gas=False, electricity_supplier=supplier)
    )
    assert checked.errors["electricity_supplier"].reason == reason
