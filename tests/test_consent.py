"""Consent: the wording, the log that cannot be changed unnoticed, the grant, the end."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
import hashlib
import json
from pathlib import Path
from typing import Any, override

import pytest

from custom_components.smets1_cad.cad.clock import Clock
from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import Grant
from custom_components.smets1_cad.cad.models import Fuel
from custom_components.smets1_cad.consent.consents import (
    ConsentError,
    ConsentGrant,
    Consents,
    Declaration,
    Renewal,
    Scope,
    Withdrawal,
    WithdrawalNotStored,
)
from custom_components.smets1_cad.consent.log import (
    ConsentLog,
    Damage,
    DamageKind,
    EntryKind,
    Head,
)
from custom_components.smets1_cad.consent.text import (
    CURRENT_VERSION,
    LANGUAGES,
    Box,
    boxes_required,
    boxes_shown,
    load_consent_text,
)
from custom_components.smets1_cad.pairing.identity import (
    Identity,
    IdentityForm,
    Ihd,
    check_identity,
)

MPAN = "2000024512368"
MPRN = "3938424403"
CAD = "00:0d:6f:00:0a:90:69:e7"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

SHIPPED = {
    "consent_v1.en.json": "f052e3af7aa6aa13f8d5b7fffbf736a0538a06a3009cbb2b677ca42d51b1a059",
    "consent_v1.cy.json": "6cdad218e0af5d67055b6eb9a4e90e97ff7e30f814bab8984080ecd22b443c39",
}
"""A text that people have agreed to never changes: a new file is made instead."""


class FrozenClock(Clock):
    """A wall clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    @override
    def now_utc(self) -> datetime:
        return self.now

    @override
    def monotonic(self) -> float:
        return 0.0

    @override
    async def sleep(self, seconds: float) -> None:
        raise AssertionError("Nothing here waits")


class Disk:
    """Where a log is saved; can be told to fail."""

    def __init__(self) -> None:
        self.saved: Any = None
        self.fails = False

    async def save(self, data: Any) -> None:
        if self.fails:
            raise CadError("disk full", reason="store_not_written")
        self.saved = json.loads(json.dumps(data))


def identity(**changes: Any) -> Identity:
    values: dict[str, Any] = {
        "name": "Gwen Evans",
        "address": "1 Stryd Fawr",
        "postcode": "SY23 1AA",
        "mpan": MPAN,
        "mprn": MPRN,
        "electricity_supplier": "Octopus Energy",
    }
    checked = check_identity(IdentityForm(**values | changes)).identity
    assert checked is not None
    return checked


def declaration(
    who: Identity | None = None,
    *,
    ticked: frozenset[Box] | None = None,
    period: int = 365,
    language: str = "en",
) -> Declaration:
    who = who or identity()
    has_ihd = who.ihd is not Ihd.NONE
    text = load_consent_text(language).show(
        fuels=who.fuels,
        supplier="Octopus Energy",
        has_ihd=has_ihd,
        keeps_ihd=who.ihd is Ihd.KEEP,
        retention_days=30,
        period_days=period,
    )
    return Declaration(
        identity=who,
        cad=CAD,
        supplier="Octopus Energy",
        text=text,
        ticked=frozenset(boxes_shown(has_ihd=has_ihd)) if ticked is None else ticked,
        period=timedelta(days=period),
    )


def scope(**changes: Any) -> Scope:
    return Scope(
        **{"identity": identity(), "cad": CAD, "wording_version": CURRENT_VERSION}
        | changes
    )


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def consents(clock: FrozenClock, disk: Disk) -> Consents:
    return Consents(ConsentLog(), disk.save, clock)


def restarted(disk: Disk, clock: FrozenClock, head: Head | None = None) -> Consents:
    return Consents(ConsentLog.from_dict(disk.saved, head=head), disk.save, clock)


# --- the wording


def test_shipped_texts_have_not_changed(root: Path) -> None:
    folder = root / "custom_components/smets1_cad/texts"
    assert {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("consent_*.json")
    } == SHIPPED


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("has_ihd", [False, True])
def test_r1_text_says_what_the_guidance_asks_for(language: str, has_ihd: bool) -> None:
    shown = load_consent_text(language).show(
        fuels=frozenset(Fuel),
        supplier="A {b} & Co",
        has_ihd=has_ihd,
        retention_days=None,
        period_days=365,
    )
    everything = "\n".join((shown.title, shown.body, *shown.boxes.values()))
    assert "{" not in everything.replace("A {b} & Co", "")
    words = {
        "en": (
            "10 seconds",
            "30 minutes",
            "third parties",
            "in-home display",
            "Withdraw consent",
            "365 days",
            "SMETS1",
        ),
        "cy": (
            "10 eiliad",
            "30 munud",
            "trydydd partïon",
            "dangosydd",
            "Tynnu cydsyniad yn ôl",
            "365 diwrnod",
            "SMETS1",
        ),
    }[language]
    assert [word for word in words if word not in shown.body] == []
    assert "A {b} & Co" in shown.boxes[Box.PAIRING]
    assert (Box.IHD in shown.boxes) is has_ihd
    assert list(shown.boxes) == list(boxes_shown(has_ihd=has_ihd))


def test_languages_say_the_same_number_of_things() -> None:
    english, welsh = (load_consent_text(language) for language in LANGUAGES)
    assert len(english.body) == len(welsh.body)
    assert english.boxes.keys() == welsh.boxes.keys() == set(Box)
    assert english.phrases.keys() == welsh.phrases.keys()
    assert (
        (english.version, english.revision)
        == (welsh.version, welsh.revision)
        == (CURRENT_VERSION, 0)
    )


def test_unknown_language_is_english_and_tags_are_understood() -> None:
    assert load_consent_text("gd").language == "en"
    assert load_consent_text("cy-GB").language == "cy"
    assert load_consent_text("en-GB").language == "en"
    with pytest.raises(FileNotFoundError):
        load_consent_text(version=99)


def test_text_names_only_the_meters_that_are_asked_for() -> None:
    text = load_consent_text()
    boxes = [
        text.show(
            fuels=frozenset(fuels),
            supplier="",
            has_ihd=False,
            retention_days=7,
            period_days=30,
        ).boxes[Box.PAIRING]
        for fuels in ([Fuel.ELECTRICITY], [Fuel.GAS], list(Fuel))
    ]
    assert "electricity" in boxes[0] and "gas" not in boxes[0]
    assert "gas" in boxes[1] and "electricity" not in boxes[1]
    assert "electricity" in boxes[2] and "gas" in boxes[2]
    assert "my energy supplier" in boxes[0]


def test_shown_text_can_be_shown_again_as_it_was() -> None:
    first = load_consent_text("cy").show(
        fuels=frozenset(Fuel),
        supplier="EDF",
        has_ihd=True,
        retention_days=7,
        period_days=30,
    )
    again = load_consent_text("cy").show_again(first.wording, has_ihd=True)
    assert again == first
    expected = "\n".join((first.title, first.body, *first.boxes.values()))
    assert again.wording.shown_sha256 == hashlib.sha256(expected.encode()).hexdigest()


@pytest.mark.parametrize(
    ("language", "told_first"), [("en", "told first"), ("cy", "gael gwybod yn gyntaf")]
)
async def test_who_keeps_a_display_asks_to_be_told_and_agrees_to_nothing(
    consents: Consents, language: str, told_first: str
) -> None:
    """The box says so, and what it said is what is on record and can be shown again."""
    boxes = {}
    for ihd in (Ihd.MAY_BE_UNPAIRED, Ihd.KEEP):
        declared = declaration(identity(ihd=ihd), language=language)
        await consents.give(declared)
        assert consents.current is not None
        wording = consents.current.wording
        assert wording.parameters["ihd"] == declared.text.boxes[Box.IHD]
        assert wording.shown_sha256 == declared.text.wording.shown_sha256
        again = load_consent_text(language).show_again(wording, has_ihd=True)
        assert again == declared.text
        boxes[ihd] = again.boxes[Box.IHD]
    assert told_first in boxes[Ihd.KEEP]
    assert told_first not in boxes[Ihd.MAY_BE_UNPAIRED]


def test_history_is_the_only_box_that_may_be_left() -> None:
    assert boxes_required(has_ihd=True) == {Box.CONSUMER, Box.PAIRING, Box.IHD}
    assert boxes_required(has_ihd=False) == {Box.CONSUMER, Box.PAIRING}


# --- giving


async def test_r1_nothing_without_every_box(consents: Consents, disk: Disk) -> None:
    who = identity(ihd=Ihd.MAY_BE_UNPAIRED)
    for left_out in boxes_required(has_ihd=True):
        incomplete = declaration(who, ticked=frozenset(Box) - {left_out})
        assert incomplete.missing() == (left_out,)
        with pytest.raises(ConsentError) as caught:
            await consents.give(incomplete)
        assert caught.value.reason == "consent_boxes"
    assert (consents.grant, disk.saved) == (None, None)


async def test_r2_record_is_on_disk_before_the_grant_exists(
    consents: Consents, disk: Disk
) -> None:
    disk.fails = True
    with pytest.raises(CadError):
        await consents.give(declaration())
    assert (consents.grant, consents.current, consents.log.entries) == (None, None, ())
    disk.fails = False
    grant = await consents.give(declaration())
    assert disk.saved["entries"][0]["kind"] == "given"
    assert grant.is_valid


async def test_r2_record_holds_the_evidence(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    declared = declaration(identity(ihd=Ihd.KEEP), language="cy")
    await consents.give(declared)
    for record in (consents.current, restarted(disk, clock).current):
        assert record is not None
        assert record.given_at == NOW
        assert record.expires_at == NOW + timedelta(days=365)
        assert record.wording == declared.text.wording
        assert record.wording.sha256 == SHIPPED["consent_v1.cy.json"]
        assert record.wording.parameters["supplier"] == "Octopus Energy"
        assert record.fuels == frozenset(Fuel)
        assert record.boxes == frozenset(Box)
        assert record.identity == declared.identity
        assert (record.cad, record.supplier) == (CAD, "Octopus Energy")
        assert record.history_allowed
        assert len(record.record_id) == 12
        assert disk.saved["entries"][0]["digest"].startswith(record.record_id)
    assert disk.saved["entries"][0]["body"]["declared_energy_consumer"] is True


async def test_history_may_be_refused(consents: Consents) -> None:
    grant = await consents.give(
        declaration(ticked=frozenset({Box.CONSUMER, Box.PAIRING}))
    )
    assert not grant.record.history_allowed


async def test_r23_nothing_personal_is_shown(consents: Consents) -> None:
    declared = declaration()
    grant = await consents.give(declared)
    shown = "".join(
        map(
            repr,
            (
                declared,
                consents.current,
                grant,
                consents.log,
                consents.log.entries,
                scope(),
            ),
        )
    )
    for secret in ("Gwen", "Stryd", "SY23", MPAN, MPRN, CAD):
        assert secret not in shown
    sealed = json.dumps([entry.as_dict() for entry in consents.log.entries])
    for secret in ("Gwen", "Stryd", "SY23", MPAN, MPRN, CAD, "Octopus"):
        assert secret not in sealed


# --- the grant


async def test_grant_is_what_a_link_asks_for(consents: Consents) -> None:
    grant: Grant = await consents.give(declaration(identity(gas=False)))
    assert grant.fuels == {Fuel.ELECTRICITY}
    assert grant.is_valid


async def test_r2_withdrawal_stops_the_flow_before_anything_is_written(
    consents: Consents, disk: Disk
) -> None:
    grant = await consents.give(declaration())
    grant.require()
    told: list[tuple[object, bool]] = []
    grant.on_revoked(lambda why: told.append((why, grant.is_valid)))
    disk.fails = True
    with pytest.raises(CadError):
        await consents.withdraw(Withdrawal.REQUESTED)
    assert told == [(Withdrawal.REQUESTED, False)]
    with pytest.raises(ConsentError) as caught:
        grant.require()
    assert caught.value.reason == "consent_withdrawn"
    disk.fails = False
    await consents.withdraw(Withdrawal.REQUESTED)
    assert disk.saved["entries"][-1]["kind"] == "withdrawn"
    assert (consents.current, consents.grant) == (None, None)
    await consents.withdraw(Withdrawal.REQUESTED)
    assert len(disk.saved["entries"]) == 2


async def test_a_withdrawal_that_is_not_stored_has_ended_consent(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    """It is stored later, with the time at which it was made, and ends no consent that was given since."""
    await consents.give(declaration())
    told: list[bool] = []
    forget = consents.on_unstored(told.append)
    disk.fails = True
    with pytest.raises(WithdrawalNotStored):
        await consents.withdraw(Withdrawal.REQUESTED)
    assert consents.is_withdrawn
    assert consents.is_unstored
    assert (consents.current, consents.grant) == (None, None)
    clock.now += timedelta(hours=1)
    for _ in range(2):
        with pytest.raises(WithdrawalNotStored):
            await consents.settle()
    assert told == [True]
    disk.fails = False
    await consents.settle()
    assert told == [True, False]
    assert restarted(disk, clock).records[-1].withdrawn_at == NOW
    grant = await consents.give(declaration())
    await consents.settle()
    assert grant.is_valid
    forget()


async def test_consent_given_again_stores_the_withdrawal_before_it(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    await consents.give(declaration())
    disk.fails = True
    with pytest.raises(WithdrawalNotStored):
        await consents.withdraw(Withdrawal.REQUESTED)
    disk.fails = False
    grant = await consents.give(declaration())
    assert not consents.is_unstored
    await consents.settle()
    assert grant.is_valid
    withdrawals = [record.withdrawal for record in restarted(disk, clock).records]
    assert withdrawals == [Withdrawal.REQUESTED, None]


async def test_every_listener_is_told_once(
    consents: Consents, caplog: pytest.LogCaptureFixture
) -> None:
    grant = await consents.give(declaration())
    told: list[str] = []

    def fail(_: object) -> None:
        raise RuntimeError("a listener of no use")

    forget = grant.on_revoked(lambda _: told.append("forgotten"))
    grant.on_revoked(fail)
    grant.on_revoked(lambda _: told.append("second"))
    forget()
    forget()
    grant.revoke(Withdrawal.REQUESTED)
    grant.revoke(Withdrawal.CHANGE_OF_TENANCY)
    assert told == ["second"]
    assert "a listener of no use" in caplog.text
    grant.on_revoked(lambda why: told.append(str(why)))()
    assert told == ["second", "requested"]
    assert grant.revoked is Withdrawal.REQUESTED


async def test_grant_runs_out(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    grant = await consents.give(declaration(period=30))
    clock.now = NOW + timedelta(days=30, seconds=-1)
    assert grant.is_valid
    clock.now = NOW + timedelta(days=30)
    assert not grant.is_valid
    with pytest.raises(ConsentError) as caught:
        grant.require()
    assert caught.value.reason == "consent_expired"
    assert consents.renewal_needed(scope()) is Renewal.EXPIRED


async def test_a_clock_set_right_takes_back_that_consent_ran_out(
    consents: Consents, clock: FrozenClock
) -> None:
    """It is told, each time anew, and not kept; a withdrawal is, whatever the clock says."""
    grant = await consents.give(declaration(period=30))
    told: list[str] = []
    grant.on_revoked(lambda why: told.append(str(why)))
    clock.now = NOW + timedelta(days=31)
    assert consents.review(scope()) is Renewal.EXPIRED
    assert not grant.is_valid
    clock.now = NOW
    assert grant.is_valid
    assert grant.revoked is None
    assert consents.review(scope()) is None
    clock.now = NOW + timedelta(days=31)
    consents.review(scope())
    grant.revoke(Withdrawal.REQUESTED)
    clock.now = NOW
    assert not grant.is_valid
    assert told == ["expired", "expired", "requested"]


async def test_shorter_period_of_the_user_holds_longer_does_not(
    disk: Disk, clock: FrozenClock
) -> None:
    await Consents(ConsentLog(), disk.save, clock).give(declaration(period=100))
    log = ConsentLog.from_dict(disk.saved)
    for days, expected in ((10, 10), (1000, 100)):
        grant = Consents(log, disk.save, clock, period=timedelta(days=days)).grant
        assert grant is not None
        assert grant.expires_at == NOW + timedelta(days=expected)


async def test_consent_survives_a_restart_and_so_does_its_end(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    await consents.give(declaration())
    after = restarted(disk, clock)
    assert after.grant is not None
    assert after.grant.is_valid
    await after.withdraw(Withdrawal.REQUESTED)
    again = restarted(disk, clock)
    assert again.grant is None
    assert again.renewal_needed(scope()) is Renewal.WITHDRAWN
    record = again.records[0]
    assert (record.withdrawn_at, record.withdrawal) == (NOW, Withdrawal.REQUESTED)


async def test_new_consent_replaces_the_old(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    old = await consents.give(declaration())
    clock.now += timedelta(days=1)
    new = await consents.give(declaration(identity(gas=False)))
    assert (old.revoked, new.is_valid) == (Withdrawal.REPLACED, True)
    assert [entry["kind"] for entry in disk.saved["entries"]] == [
        "given",
        "withdrawn",
        "given",
    ]
    assert [record.withdrawal for record in consents.records] == [
        Withdrawal.REPLACED,
        None,
    ]
    assert consents.grant is new


# --- asking again


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, None),
        ({"wording_version": CURRENT_VERSION + 1}, Renewal.WORDING_CHANGED),
        ({"cad": "00:0d:6f:00:0a:90:69:e8"}, Renewal.CAD_CHANGED),
        ({"identity": identity(postcode="SY23 1AB")}, Renewal.PREMISES_CHANGED),
        ({"identity": identity(mpan="1234567890989")}, Renewal.PREMISES_CHANGED),
        ({"identity": identity(mprn="123456")}, Renewal.PREMISES_CHANGED),
        ({"identity": identity(gas=False)}, None),
        ({"identity": identity(name="G. Evans", electricity_supplier="EDF")}, None),
    ],
)
async def test_r2_when_consent_is_asked_for_again(
    consents: Consents, changes: dict[str, Any], expected: Renewal | None
) -> None:
    assert consents.renewal_needed(scope()) is Renewal.NEVER_GIVEN
    grant = await consents.give(declaration())
    assert consents.renewal_needed(scope(**changes)) is expected
    assert grant.is_valid
    assert consents.review(scope(**changes)) is expected
    assert grant.revoked is expected


async def test_another_fuel_needs_another_consent(consents: Consents) -> None:
    await consents.give(declaration(identity(gas=False)))
    assert consents.renewal_needed(scope()) is Renewal.FUELS_CHANGED


def test_review_without_a_grant_says_why(consents: Consents) -> None:
    assert consents.review(scope()) is Renewal.NEVER_GIVEN


# --- the log


async def _three(consents: Consents, clock: FrozenClock) -> None:
    await consents.give(declaration())
    clock.now += timedelta(days=1)
    await consents.withdraw(Withdrawal.REQUESTED)
    clock.now += timedelta(days=1)
    await consents.give(declaration(identity(gas=False)))


async def test_chain_is_what_it_is_said_to_be(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    """Checked with hashes taken here, from what is on disk."""
    await _three(consents, clock)

    def canonical(value: object) -> bytes:
        return json.dumps(
            value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()

    previous = "0" * 64
    for index, entry in enumerate(disk.saved["entries"]):
        digest = entry.pop("digest")
        assert entry["previous"] == previous
        assert entry["index"] == index
        assert hashlib.sha256(canonical(entry)).hexdigest() == digest
        previous = digest
        if entry["personal_digest"]:
            kept = disk.saved["personal"][str(index)]
            octets = bytes.fromhex(kept["salt"]) + canonical(kept["details"])
            assert hashlib.sha256(octets).hexdigest() == entry["personal_digest"]
            assert len(kept["salt"]) == 64


def _change_day(data: Any) -> None:
    data["entries"][0]["at"] = "2026-11-21T12:00:00+00:00"


def _change_fuels(data: Any) -> None:
    data["entries"][0]["body"]["fuels"] = ["gas"]


def _drop_middle(data: Any) -> None:
    del data["entries"][1]


def _swap(data: Any) -> None:
    data["entries"][0], data["entries"][1] = data["entries"][1], data["entries"][0]


def _change_name(data: Any) -> None:
    data["personal"]["0"]["details"]["identity"]["name"] = "Somebody Else"


def _drop_personal(data: Any) -> None:
    del data["personal"]["2"]


def _add_personal(data: Any) -> None:
    data["personal"]["7"] = data["personal"]["0"]


def _personal_of_another(data: Any) -> None:
    data["personal"]["1"] = data["personal"]["0"]


def _cut(data: Any) -> None:
    data["entries"].pop()
    del data["personal"]["2"]


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (_change_day, Damage(DamageKind.ENTRY_CHANGED, 0)),
        (_change_fuels, Damage(DamageKind.ENTRY_CHANGED, 0)),
        (_drop_middle, Damage(DamageKind.ENTRY_MISSING, 1)),
        (_swap, Damage(DamageKind.ENTRY_MISSING, 0)),
        (_change_name, Damage(DamageKind.PERSONAL_CHANGED, 0)),
        (_drop_personal, Damage(DamageKind.PERSONAL_MISSING, 2)),
        (_add_personal, Damage(DamageKind.PERSONAL_CHANGED, 7)),
        (_personal_of_another, Damage(DamageKind.PERSONAL_CHANGED, 1)),
        (_cut, Damage(DamageKind.CUT_OFF, 2)),
    ],
)
async def test_r2_tampering_is_noticed_and_stops_everything(
    consents: Consents,
    disk: Disk,
    clock: FrozenClock,
    tamper: Callable[[Any], None],
    expected: Damage,
) -> None:
    await _three(consents, clock)
    head = Head.parse(str(consents.log.head))
    assert restarted(disk, clock, head).log.damage is None
    tamper(disk.saved)
    evidence = deepcopy(disk.saved)
    after = restarted(disk, clock, head)
    assert after.log.damage == expected
    assert (after.grant, after.current, after.records) == (None, None, ())
    assert after.renewal_needed(scope()) is Renewal.LOG_DAMAGED
    assert after.export()["intact"] is False
    assert after.export()["damage"] == {
        "kind": expected.kind.value,
        "index": expected.index,
    }
    with pytest.raises(ValueError, match="damaged"):
        after.log.append(EntryKind.GIVEN, NOW, {})

    grant = await after.give(declaration())
    assert grant.is_valid
    assert [entry["kind"] for entry in disk.saved["entries"]] == [
        "damage_noted",
        "given",
    ]
    assert disk.saved["broken"] == [evidence]
    assert restarted(disk, clock).log.damage is None


async def test_head_of_another_history(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    """A log that was rewritten as a whole holds together, but not with the head kept elsewhere."""
    await _three(consents, clock)
    head = consents.log.head
    other = Disk()
    await _three(Consents(ConsentLog(), other.save, clock), clock)
    assert restarted(other, clock, head).log.damage == Damage(
        DamageKind.ENTRY_CHANGED, 2
    )
    assert ConsentLog.from_dict(None, head=head).damage == Damage(DamageKind.CUT_OFF, 0)
    assert ConsentLog.from_dict(None, head=ConsentLog().head).damage is None
    with pytest.raises(ValueError, match="invalid literal"):
        Head.parse("nonsense")


@pytest.mark.parametrize(
    "data",
    [
        [],
        "text",
        7,
        {},
        {"entries": 5, "personal": {}, "broken": []},
        {"entries": [{}], "personal": {}, "broken": []},
        {"entries": [], "personal": {"x": {}}, "broken": []},
        {"entries": [], "personal": [], "broken": []},
    ],
)
async def test_rubbish_is_damage_and_never_an_exception(
    data: Any, disk: Disk, clock: FrozenClock
) -> None:
    disk.saved = deepcopy(data)
    after = restarted(disk, clock)
    assert after.log.damage == Damage(DamageKind.UNREADABLE, 0)
    await after.give(declaration())
    assert disk.saved["broken"] == [data]
    assert restarted(disk, clock).grant is not None


def test_sealed_by_something_else_is_damage(disk: Disk, clock: FrozenClock) -> None:
    log = ConsentLog()
    log.append(EntryKind.GIVEN, NOW, {"no": "record"})
    after = Consents(log, disk.save, clock)
    assert after.renewal_needed(scope()) is Renewal.LOG_DAMAGED


def test_times_need_zones() -> None:
    with pytest.raises(ValueError, match="zone"):
        ConsentLog().append(EntryKind.GIVEN, datetime(2026, 1, 1), {})


def test_setting_aside_a_sound_log_does_nothing() -> None:
    log = ConsentLog()
    log.set_aside(NOW)
    assert log.entries == ()


# --- erasing


async def test_r20_erasing_leaves_a_tombstone_and_a_chain_that_holds(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    await _three(consents, clock)
    head = consents.log.head
    grant = consents.grant
    assert grant is not None
    await consents.erase(Withdrawal.CHANGE_OF_TENANCY)
    assert grant.revoked is Withdrawal.CHANGE_OF_TENANCY
    on_disk = json.dumps(disk.saved)
    for secret in ("Gwen", "Stryd", "SY23", MPAN, MPRN, CAD, "Octopus", "salt"):
        assert secret not in on_disk
    after = restarted(disk, clock, head)
    assert after.log.damage is None
    assert [entry.kind.value for entry in after.log.entries] == [
        "given",
        "withdrawn",
        "given",
        "withdrawn",
        "erased",
    ]
    assert [
        (record.identity, record.cad, record.supplier) for record in after.records
    ] == [(None, None, None)] * 2
    assert after.records[0].given_at == NOW
    assert after.records[0].wording.sha256 == SHIPPED["consent_v1.en.json"]
    assert after.renewal_needed(scope()) is Renewal.WITHDRAWN
    saved = deepcopy(disk.saved)
    await after.erase(Withdrawal.CHANGE_OF_TENANCY)
    assert disk.saved == saved
    assert isinstance(await after.give(declaration()), ConsentGrant)


async def test_erasing_reaches_logs_that_were_set_aside(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    await consents.give(declaration())
    _change_name(disk.saved)
    after = restarted(disk, clock)
    await after.give(declaration())
    assert "Somebody Else" in json.dumps(disk.saved)
    assert after.is_personal
    await after.erase(Withdrawal.CHANGE_OF_TENANCY)
    assert not after.is_personal
    assert "Somebody Else" not in json.dumps(disk.saved)
    assert MPAN not in json.dumps(disk.saved)


async def test_erasing_a_damaged_log(
    consents: Consents, disk: Disk, clock: FrozenClock
) -> None:
    await consents.give(declaration())
    _change_fuels(disk.saved)
    assert restarted(disk, clock).is_personal, "it may be somebody's"
    await restarted(disk, clock).erase(Withdrawal.REQUESTED)
    assert not restarted(disk, clock).is_personal
    assert MPAN not in json.dumps(disk.saved)
    assert restarted(disk, clock).log.damage is None


async def test_export_is_json_and_whole(consents: Consents, clock: FrozenClock) -> None:
    await _three(consents, clock)
    exported = json.loads(json.dumps(consents.export()))
    assert exported["intact"] is True
    assert exported["damage"] is None
    assert exported["head"] == str(consents.log.head)
    assert exported["personal"]["2"]["details"]["identity"]["mpan"] == MPAN
    assert ConsentLog.from_dict(exported).damage is None
