"""What a failure means and when the next exchange may start."""

import pytest

from custom_components.smets1_cad.cad.errors import Responsible
from custom_components.smets1_cad.smart_energy.cbke import (
    Failure,
    FailureReason,
    Remedy,
    RetryPlan,
    TerminateKeyEstablishment,
    TerminateStatus,
    choose_credentials,
    supported_suites,
)
from custom_components.smets1_cad.smart_energy.certificate import CryptoSuite
from custom_components.smets1_cad.smart_energy.errors import KeyEstablishmentError

from .authority import CAD, Authority


@pytest.mark.parametrize(
    ("status", "reason", "remedy"),
    [
        (0x01, FailureReason.UNKNOWN_ISSUER, Remedy.LEAVE_NETWORK),
        (0x02, FailureReason.BAD_KEY_CONFIRM, Remedy.ABANDON_PARTNER),
        (0x03, FailureReason.BAD_MESSAGE, Remedy.RETRY),
        (0x04, FailureReason.NO_RESOURCES, Remedy.RETRY),
        (0x05, FailureReason.UNSUPPORTED_SUITE, Remedy.OTHER_SUITE),
        (0x06, FailureReason.INVALID_CERTIFICATE, Remedy.RETRY),
        (0x00, FailureReason.BAD_MESSAGE, Remedy.RETRY),
        (0x07, FailureReason.BAD_MESSAGE, Remedy.RETRY),
        (0xFF, FailureReason.BAD_MESSAGE, Remedy.RETRY),
    ],
)
def test_every_terminate_status(
    status: int, reason: FailureReason, remedy: Remedy
) -> None:
    failure = Failure.from_terminate(TerminateKeyEstablishment(status, 42, 3))
    assert (failure.reason, failure.remedy) == (reason, remedy)
    assert (failure.by_partner, failure.wait, failure.partner_suites) == (True, 42.0, 3)
    error = failure.to_error()
    assert isinstance(error, KeyEstablishmentError)
    assert error.reason == f"key_establishment_{reason}"
    assert str(error).endswith("(reported by the partner)")


@pytest.mark.parametrize("status", TerminateStatus)
def test_every_status_of_our_own(status: TerminateStatus) -> None:
    failure = Failure.from_status(status, "why")
    assert failure.reason == status.name.lower()
    assert not failure.by_partner
    assert not str(failure.to_error()).endswith("(reported by the partner)")


@pytest.mark.parametrize("reason", FailureReason)
def test_every_reason_has_words_and_somebody(reason: FailureReason) -> None:
    error = Failure(reason).to_error()
    assert len(str(error)) > 20
    assert isinstance(error.responsible, Responsible)


def test_retries_are_paced() -> None:
    """Ten failures in a row, then 15 minutes, then anew; a success starts the count again."""
    plan = RetryPlan()
    timeout = Failure(FailureReason.TIMEOUT)
    waits = [plan.failed(timeout) for _ in range(12)]
    assert waits == [10, 20, 40, 80, 80, 80, 80, 80, 80, 900, 10, 20]
    plan.succeeded()
    assert plan.failed(timeout) == 10


def test_wait_time_of_the_partner_is_kept() -> None:
    plan = RetryPlan()
    assert plan.failed(Failure(FailureReason.NO_RESOURCES, wait=120.0)) == 120
    assert plan.failed(Failure(FailureReason.NO_RESOURCES, wait=5.0)) == 20


def test_no_retry_after_the_final_ones() -> None:
    plan = RetryPlan()
    assert plan.failed(Failure(FailureReason.UNKNOWN_ISSUER)) is None
    assert plan.failed(Failure(FailureReason.BAD_KEY_CONFIRM)) is None


def test_refused_certificate_is_asked_about_rarely() -> None:
    plan = RetryPlan()
    assert plan.failed(Failure(FailureReason.INVALID_CERTIFICATE)) == 900


def test_highest_common_suite_is_chosen() -> None:
    one, two = (Authority(suite).issue(CAD).credentials() for suite in CryptoSuite)
    assert supported_suites([one, two]) == 3
    assert supported_suites([]) == 0
    assert choose_credentials([one, two], 0x0003) is two
    assert choose_credentials([two, one], 0x0001) is one
    assert choose_credentials([one], 0x0003) is one
    for available, offered in (([one], 0x0002), ([one, two], 0x0004), ([], 0x0003)):
        with pytest.raises(KeyEstablishmentError) as caught:
            choose_credentials(available, offered)
        assert caught.value.reason == "key_establishment_unsupported_suite"
