"""A change of tenancy is noticed: what is dated is acted on, what is cancelled is not, the rest is asked (R20)."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.smets1_cad.cad.errors import CadError
from custom_components.smets1_cad.cad.link import LinkState
from custom_components.smets1_cad.cad.models import (
    CustomerNotice,
    ElectricityReading,
    EnergyUnit,
    Fuel,
    GasAmount,
    GasReading,
    PaymentMode,
    Prepayment,
    Rate,
    SupplierIdentity,
    Tariff,
    TenancyChange,
    TierBlock,
)
from custom_components.smets1_cad.repairs import async_create_fix_flow
from custom_components.smets1_cad.tenancy.notices import Notice, Notices
from custom_components.smets1_cad.tenancy.record import TenancyEnd
from custom_components.smets1_cad.tenancy.signs import Seen, Sign, SignFinder
from custom_components.smets1_cad.tenancy.watch import TenancyWatch
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow, FlowResultType
from homeassistant.helpers import issue_registry as ir

from .fake_link import NOW, electricity
from .flow.walk import full_disk
from .leaving_home import LeavingHome, leaving_home

END = "custom_components.smets1_cad.tenancy.watch.async_end_tenancy"
ASKED_END = "custom_components.smets1_cad.tenancy.repairs.async_end_tenancy"


@pytest.fixture
async def home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    enable_custom_integrations: None,
) -> AsyncGenerator[LeavingHome]:
    """A home whose CAD is paired and read."""
    async with leaving_home(hass, freezer) as home:
        await home.prepare()
        await home.start()
        home.link.move(LinkState.RUNNING)
        home.link.hand_up(electricity())
        await hass.async_block_till_done()
        yield home


def notice(
    days: int | None = None, *, number: int = 7, fuel: Fuel = Fuel.GAS, **more: Any
) -> TenancyChange:
    """Announce a change of tenancy, for so many days from now."""
    return TenancyChange(
        fuel=fuel,
        effective_at=None if days is None else NOW + timedelta(days=days),
        number=number,
        **more,
    )


def watch_of(home: LeavingHome) -> TenancyWatch:
    """Return what watches for a change of tenancy."""
    watch = home.entry.runtime_data.same_people.__self__
    assert isinstance(watch, TenancyWatch)
    return watch


async def hear(home: LeavingHome, *updates: Any) -> None:
    """Hand updates up."""
    home.link.hand_up(*updates)
    await home.hass.async_block_till_done()


async def reload(home: LeavingHome) -> None:
    """Set the entry up again, as after a restart, with what is on disk."""
    await home.restart()
    home.link.move(LinkState.RUNNING)
    await home.hass.async_block_till_done()


# --- notices with a date


async def test_a_cancelled_notice_ends_nothing(home: LeavingHome) -> None:
    """Its day passes; the person was told of it before, and is told that it is cancelled."""
    with patch(END) as end:
        await hear(home, notice(2))
        announced = home.issue("tenancy_announced")
        assert announced is not None
        assert announced.translation_placeholders == {"date": "2026-11-24"}
        await hear(home, notice(cancelled=True))
        assert home.issue("tenancy_announced") is None
        cancelled = home.issue("tenancy_cancelled")
        assert cancelled is not None
        assert cancelled.translation_placeholders == {"date": "2026-11-24"}
        await home.wait(days=3)
        end.assert_not_called()
    flow = await async_create_fix_flow(home.hass, cancelled.issue_id, cancelled.data)
    flow.hass = home.hass
    flow.issue_id = cancelled.issue_id
    form = await flow.async_step_init()
    assert form["type"] is FlowResultType.FORM
    assert form["description_placeholders"] == {"date": "2026-11-24"}


async def test_r23_a_cancellation_is_said_until_it_is_read(home: LeavingHome) -> None:
    """Also over a restart, though when somebody was to move is in no issue that is kept on disk."""
    await hear(home, notice(2), notice(cancelled=True))
    await reload(home)
    cancelled = home.issue("tenancy_cancelled")
    assert cancelled is not None
    assert not cancelled.is_persistent
    flow = await async_create_fix_flow(home.hass, cancelled.issue_id, cancelled.data)
    flow.hass = home.hass
    flow.issue_id = cancelled.issue_id
    done = await flow.async_step_confirm({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await home.hass.async_block_till_done()
    assert home.issue("tenancy_cancelled") is None
    await reload(home)
    assert home.issue("tenancy_cancelled") is None


async def test_a_cancelled_notice_stays_cancelled_when_it_is_repeated(
    home: LeavingHome,
) -> None:
    """Also over a restart, and where the cancellation was heard before the notice; another notice counts."""
    with patch(END) as end:
        await hear(home, notice(2), notice(cancelled=True), notice(2))
        await reload(home)
        await hear(home, notice(2))
        await hear(home, notice(number=8, cancelled=True), notice(2, number=8))
        await home.wait(days=3)
        end.assert_not_called()
        await hear(home, notice(4, number=9))
        await home.wait(days=2)
        end.assert_called_once_with(home.hass, home.entry, TenancyEnd.HAN)


async def test_a_cancellation_of_another_notice_waits_until_it_is_repeated(
    home: LeavingHome,
) -> None:
    """What cannot be undone is not done on a notice that may be cancelled; a hub repeats one that holds."""
    with patch(END) as end:
        await hear(home, notice(2), notice(number=6, cancelled=True))
        await home.wait(days=3)
        end.assert_not_called()
        await hear(home, notice(2))
        end.assert_called_once()


async def test_each_fuel_cancels_its_own(home: LeavingHome) -> None:
    """The first day of those that hold counts."""
    with patch(END) as end:
        await hear(home, notice(2), notice(3, fuel=Fuel.ELECTRICITY))
        await hear(home, notice(cancelled=True))
        await home.wait(days=2, seconds=1)
        end.assert_not_called()
        await home.wait(days=1)
        end.assert_called_once()


async def test_a_notice_that_is_not_repeated_after_a_restart_is_only_asked_about(
    home: LeavingHome,
) -> None:
    """It may have been cancelled while Home Assistant was off. Heard again, it is acted on."""
    with patch(END) as end:
        await hear(home, notice(2))
        await reload(home)
        assert home.issue("tenancy_announced") is not None
        await home.wait(days=3)
        end.assert_not_called()
        asked = home.issue("tenancy_suspected")
        assert asked is not None
        assert asked.translation_key == "tenancy_suspected_notice"
        assert home.issue("tenancy_announced") is None
        await hear(home, notice(2))
        end.assert_called_once()


@pytest.mark.parametrize("whose", ["hub", "service"])
async def test_r20_a_no_outlives_the_notice_that_it_was_about(
    home: LeavingHome, whose: str
) -> None:
    """Its day passed while Home Assistant was off. Repeated later, it ends nothing; another day is another notice."""

    async def say(days: int) -> None:
        if whose == "service":
            watch_of(home).service_said(NOW + timedelta(days=days))
        await hear(home, *([notice(days)] if whose == "hub" else []))

    with patch(END) as end:
        await say(2)
        await home.hass.config_entries.async_unload(home.entry.entry_id)
        home.freezer.tick(timedelta(days=3))
        await reload(home)
        await home.wait(seconds=1)
        assert home.issue("tenancy_suspected") is not None
        watch_of(home).same_people()
        await home.hass.async_block_till_done()
        for _ in range(2):
            await say(2)
            await home.wait(days=1)
            end.assert_not_called()
            assert home.issue("tenancy_suspected", "tenancy_announced") is None
            await reload(home)
        await say(9)
        assert home.issue("tenancy_announced") is not None
        await home.wait(days=9)
        end.assert_called_once()


async def test_r20_what_is_heard_meanwhile_ends_a_tenancy_once(
    home: LeavingHome,
) -> None:
    """Its end takes a while, with signs and notices coming in."""
    gate = asyncio.Event()
    ends = []

    async def end(_hass: object, _entry: object, reason: TenancyEnd) -> None:
        ends.append(reason)
        await gate.wait()

    with patch(END, end):
        await home.wait(days=1)
        home.link.hand_up(notice(1), notice(fuel=Fuel.ELECTRICITY))
        home.freezer.tick(timedelta(seconds=1))
        async_fire_time_changed(home.hass)
        await asyncio.sleep(0)
        gate.set()
        await home.hass.async_block_till_done()
    assert ends == [TenancyEnd.HAN]


@pytest.mark.parametrize("runs", [True, False])
async def test_r20_an_end_that_breaks_off_is_tried_again(
    home: LeavingHome, caplog: pytest.LogCaptureFixture, runs: bool
) -> None:
    """By whatever is not foreseen; by a watch that still watches."""
    gate = asyncio.Event()

    async def broken(*_: object) -> None:
        await gate.wait()
        raise ZeroDivisionError

    with patch(END, broken):
        await home.wait(days=3)
        home.link.hand_up(notice(2))
        if not runs:
            await home.hass.config_entries.async_unload(home.entry.entry_id)
        gate.set()
        await home.hass.async_block_till_done()
    assert "The change of tenancy is not finished" in caplog.text
    with patch(END) as end:
        await home.wait(hours=1)
        assert end.call_count == runs


async def test_what_is_said_of_a_change_goes_with_the_entry(home: LeavingHome) -> None:
    await hear(
        home, notice(2, fuel=Fuel.ELECTRICITY), notice(2), notice(cancelled=True)
    )
    await hear(home, notice(1, of_supplier=True))
    kinds = ("tenancy_announced", "tenancy_cancelled", "tenancy_suspected")
    assert all(home.issue(kind) for kind in kinds)
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    assert home.issue(*kinds) is None
    await reload(home)
    assert all(home.issue(kind) for kind in kinds)


async def test_the_service_takes_back_what_it_announced(home: LeavingHome) -> None:
    watch = watch_of(home)
    with patch(END) as end:
        watch.service_said(None)
        watch.service_said(NOW + timedelta(days=2))
        watch.service_said(None)
        await home.wait(days=3)
        end.assert_not_called()
        assert home.issue("tenancy_cancelled") is not None
        watch.service_said(NOW + timedelta(days=4))
        await home.wait(days=2)
        end.assert_called_once_with(home.hass, home.entry, TenancyEnd.SERVICE)


async def test_what_is_damaged_is_learnt_anew(
    home: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    await hear(home, notice(2))
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    store = await home.store()
    await store.async_save("notices", {"pending": 1}, strict=True)
    await home.start()
    assert "learnt anew" in caplog.text
    assert home.issue("tenancy_announced") is None


async def test_a_notice_that_cannot_be_kept_still_counts(
    home: LeavingHome, caplog: pytest.LogCaptureFixture
) -> None:
    with patch(
        "custom_components.smets1_cad.document.Document.async_save",
        side_effect=CadError("Full.", reason="store_not_written"),
    ):
        await hear(home, notice(2))
    assert "was not kept" in caplog.text
    with patch(END) as end:
        await home.wait(days=3)
        end.assert_called_once()


# --- signs


TARIFF = Tariff(
    fuel=Fuel.ELECTRICITY,
    received_at=NOW,
    label="Octopus Go",
    standing_charge_per_day=Decimal("0.4"),
    prices={TierBlock(1): Decimal("0.09"), TierBlock(2): Decimal("0.27")},
)
ACCOUNT = Prepayment(
    fuel=Fuel.GAS,
    received_at=NOW,
    mode=PaymentMode.PREPAYMENT,
    credit=Decimal("12.5"),
    accumulated_debt=Decimal(3),
)


def unnamed(label: str, tier: int = 0, price: str = "0.27") -> Tariff:
    """Say the rate in force, as hubs do that have no name for the tariff."""
    at = TierBlock(tier)
    rate = Rate(
        starts_at=NOW,
        ends_at=None,
        price=Decimal(price),
        unit=EnergyUnit.KILOWATT_HOUR,
        tier_block=at,
        label=label,
    )
    return Tariff(
        fuel=Fuel.ELECTRICITY,
        received_at=NOW,
        rates=(rate,),
        prices={at: rate.price},
    )


def counts(hours: float, total: int, **more: int) -> ElectricityReading:
    """Read the meter's own counts, some hours after noon on Sunday the 22nd."""
    return ElectricityReading(
        received_at=NOW + timedelta(hours=hours),
        import_kwh=Decimal(total),
        **{f"{name}_import_kwh": Decimal(value) for name, value in more.items()},
    )


def gas_counts(hours: float, total: int, month: int) -> GasReading:
    """Read a gas meter's own count."""
    return GasReading(
        received_at=NOW + timedelta(hours=hours),
        total=GasAmount(volume_m3=Decimal(total)),
        month=GasAmount(volume_m3=Decimal(month)),
    )


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        # A tariff: another name and other prices, in whatever order they come.
        ([TARIFF, replace(TARIFF, label="Default")], None),
        ([TARIFF, replace(TARIFF, standing_charge_per_day=Decimal("0.5"))], None),
        ([TARIFF, replace(TARIFF, label="", prices={TierBlock(1): Decimal(1)})], None),
        (
            [
                TARIFF,
                replace(TARIFF, label="Default"),
                replace(TARIFF, label="Default", prices={TierBlock(1): Decimal(1)}),
            ],
            Sign.TARIFF,
        ),
        (
            [
                TARIFF,
                replace(TARIFF, label="", standing_charge_per_day=Decimal("0.5")),
                replace(TARIFF, label="Default", standing_charge_per_day=Decimal(1)),
            ],
            Sign.TARIFF,
        ),
        # A hub that names rates alone: the name of the only one, or none for several.
        ([unnamed("Day", 1), unnamed("Night", 2), unnamed("Day", 1, "0.3")], None),
        ([unnamed("Flat"), unnamed("Flat", 0, "0.3"), unnamed("", 0, "0.4")], None),
        ([unnamed("Flat"), unnamed("Default", 0, "0.3")], Sign.TARIFF),
        ([unnamed("Day", 1), unnamed("Default", 0, "0.3")], Sign.TARIFF),
        ([replace(TARIFF, label=""), unnamed("Flat"), TARIFF], None),
        # The account: cleared as a whole, or paid for in another way.
        ([ACCOUNT, replace(ACCOUNT, credit=Decimal(0))], None),
        ([ACCOUNT, replace(ACCOUNT, accumulated_debt=Decimal(0))], None),
        ([ACCOUNT, replace(ACCOUNT, mode=None)], None),
        (
            [ACCOUNT, replace(ACCOUNT, credit=Decimal(0), accumulated_debt=Decimal(0))],
            Sign.ACCOUNT,
        ),
        ([ACCOUNT, replace(ACCOUNT, mode=PaymentMode.CREDIT)], Sign.ACCOUNT),
        # Counts that begin anew amid their time, said twice.
        ([counts(0, 10, day=8), counts(1, 11, day=1)], None),
        ([counts(0, 10, day=8), counts(1, 11, day=1), counts(2, 12, day=9)], None),
        (
            [counts(0, 10, day=8), counts(1, 11, day=1), counts(2, 12, day=2)],
            Sign.HISTORY,
        ),
        (
            [counts(48, 10, week=8), counts(72, 11, week=1), counts(73, 12, week=2)],
            Sign.HISTORY,
        ),
        (
            [gas_counts(0, 10, 8), gas_counts(24, 11, 1), gas_counts(25, 12, 1)],
            Sign.HISTORY,
        ),
        # The same in the other unit, before the calorific value was known.
        (
            [
                gas_counts(0, 10, 8),
                *(
                    GasReading(
                        received_at=NOW + timedelta(hours=hours),
                        total=GasAmount(energy_kwh=Decimal(100 + hours)),
                        month=GasAmount(energy_kwh=Decimal(7 - hours)),
                    )
                    for hours in (1, 2)
                ),
            ],
            None,
        ),
        # Midnight, Monday, the first of December; and another meter.
        ([counts(0, 10, day=8), counts(12, 11, day=0), counts(13, 12, day=1)], None),
        ([counts(0, 10, day=8), counts(10.5, 11, day=0), counts(11, 12, day=0)], None),
        ([counts(0, 10, week=8), counts(13, 11, week=0), counts(14, 12, week=0)], None),
        (
            [gas_counts(0, 10, 8), gas_counts(24 * 9, 11, 1), gas_counts(220, 12, 1)],
            None,
        ),
        ([counts(0, 10, day=8), counts(1, 0, day=0), counts(2, 1, day=1)], None),
        # A clock that was put back proves nothing.
        ([counts(3, 10, day=8), counts(1, 11, day=1), counts(2, 12, day=2)], None),
        # A reading that says none of it.
        ([counts(0, 10, day=8), counts(1, 11), electricity()], None),
    ],
)
def test_what_is_a_sign(said: list[Any], sign: Sign | None) -> None:
    """And is found as well when Home Assistant was restarted in between."""
    finder, restarted = SignFinder(), SignFinder()
    found = []
    for update in said:
        found.append(finder.take(update))
        before = restarted
        restarted = SignFinder(before.known)
        restarted._fallen = before._fallen
        assert restarted.take(update) == found[-1]
    assert not any(found[:-1])
    assert (found[-1] and found[-1].sign) == sign


@pytest.mark.parametrize(
    ("said", "key", "before", "after"),
    [
        (
            [
                SupplierIdentity(fuel=Fuel.GAS, name="A", provider_id=1),
                SupplierIdentity(fuel=Fuel.GAS, name="B", provider_id=2),
            ],
            "tenancy_suspected_supplier",
            "A",
            "B",
        ),
        (
            [
                TARIFF,
                replace(TARIFF, label="Default", prices={TierBlock(1): Decimal(1)}),
            ],
            "tenancy_suspected_tariff",
            "Octopus Go",
            "Default",
        ),
        (
            [TARIFF, CustomerNotice(fuel=Fuel.ELECTRICITY, number=7)],
            "tenancy_suspected_customer",
            "",
            "",
        ),
    ],
)
async def test_a_sign_is_asked_about_until_it_is_answered(
    home: LeavingHome, said: list[Any], key: str, before: str, after: str
) -> None:
    """Also over a restart. A no is remembered: the same sign is never asked about again."""
    with patch(END) as end:
        await hear(home, said[0])
        await reload(home)
        await hear(home, said[1])
        await reload(home)
        issue = home.issue("tenancy_suspected")
        assert issue is not None
        assert issue.translation_key == key
        assert issue.translation_placeholders == {"before": before, "after": after}
        flow = await async_create_fix_flow(home.hass, issue.issue_id, issue.data)
        flow.hass = home.hass
        assert (await flow.async_step_init())["menu_options"] == [
            "same_people",
            "moved_in",
        ]
        await flow.async_step_same_people()
        await home.hass.async_block_till_done()
        assert home.issue("tenancy_suspected") is None
        await reload(home)
        await hear(home, *said, *said)
        assert home.issue("tenancy_suspected") is None or (
            watch_of(home)._notices.open[-1].after == before
        ), "the way back is another sign"
        end.assert_not_called()


async def test_a_yes_ends_the_tenancy(home: LeavingHome) -> None:
    """After it was said what will be erased."""
    await hear(home, ACCOUNT, replace(ACCOUNT, mode=PaymentMode.CREDIT))
    issue = home.issue("tenancy_suspected")
    assert issue is not None
    flow = await async_create_fix_flow(home.hass, issue.issue_id, issue.data)
    flow.hass = home.hass
    assert (await flow.async_step_moved_in())["type"] is FlowResultType.FORM
    with patch(ASKED_END) as end:
        done = await flow.async_step_moved_in({})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert end.call_args.args == (home.hass, home.entry, TenancyEnd.USER)


async def test_a_yes_that_cannot_be_carried_out_says_so(home: LeavingHome) -> None:
    """The question stays, and nobody is told that everything is being erased."""
    await hear(home, ACCOUNT, replace(ACCOUNT, mode=PaymentMode.CREDIT))
    issue = home.issue("tenancy_suspected")
    assert issue is not None
    flow = await async_create_fix_flow(home.hass, issue.issue_id, issue.data)
    flow.hass = home.hass
    with full_disk():
        failed = await flow.async_step_moved_in({})
    assert (failed["type"], failed["reason"]) == (FlowResultType.ABORT, "failed")
    words = failed["description_placeholders"]
    assert words is not None
    assert "nothing is erased yet" in words["error"]
    assert home.issue("erasure_incomplete") is not None


async def test_a_no_needs_a_running_entry(home: LeavingHome) -> None:
    await hear(home, ACCOUNT, replace(ACCOUNT, mode=PaymentMode.CREDIT))
    issue = home.issue("tenancy_suspected")
    assert issue is not None
    flow = await async_create_fix_flow(home.hass, issue.issue_id, issue.data)
    flow.hass = home.hass
    await home.hass.config_entries.async_unload(home.entry.entry_id)
    with pytest.raises(AbortFlow, match="not_loaded"):
        await flow.async_step_same_people()


async def test_what_was_announced_and_is_taken_back_is_no_longer_asked_about(
    home: LeavingHome,
) -> None:
    """An announced change of supplier, and a notice without a date."""
    for announced in (notice(1, of_supplier=True), notice()):
        await hear(home, announced)
        assert home.issue("tenancy_suspected") is not None
        await hear(home, replace(announced, effective_at=None, cancelled=True))
        assert home.issue("tenancy_suspected") is None
        await hear(home, announced)
        assert home.issue("tenancy_suspected") is None


async def test_without_consent_nobody_is_asked(home: LeavingHome) -> None:
    await home.act("withdraw_consent")
    await hear(home, notice(1, of_supplier=True))
    assert home.issue("tenancy_suspected") is None


async def test_counts_are_kept_now_and_then(home: LeavingHome) -> None:
    """Not with each reading: flash wears."""
    with patch.object(type(await home.store()), "save_later") as save:
        await hear(home, counts(0, 10, day=1))
        assert "notices" not in [call.args[0] for call in save.mock_calls]
        await home.wait(minutes=61)
        await hear(home, counts(1, 11, day=2))
        kept = [call.args[1] for call in save.mock_calls if call.args[0] == "notices"]
    assert kept[-1]["known"]["day/electricity/kwh"]["count"] == "2"


async def test_an_erasure_forgets_the_signs(home: LeavingHome) -> None:
    await hear(home, TARIFF, notice(2))
    assert home.issue("tenancy_announced") is not None
    await home.act("change_of_tenancy")
    assert await (await home.store()).notices.load() is None
    assert not [
        issue_id
        for _, issue_id in ir.async_get(home.hass).issues
        if issue_id.startswith(("tenancy_announced", "tenancy_suspected"))
    ]


def test_notices_as_json() -> None:
    """What was heard before a restart has not been heard since."""
    notices = Notices(
        pending={"gas": Notice(at=NOW, number=1)},
        settled=["a"],
        open=[Seen(sign=Sign.TARIFF, key="b", before="c", after="d")],
        known={"tariff/gas": {"name": "d"}},
        called_off=NOW,
    )
    again = Notices.from_dict(notices.as_dict())
    assert again.pending == {"gas": Notice(at=NOW, number=1, is_heard=False)}
    assert again.open == notices.open
    assert again.as_dict() == notices.as_dict()
    earlier = notices.as_dict()
    del earlier["called_off"]
    assert Notices.from_dict(earlier).called_off is None


def test_only_so_many_answers_are_kept() -> None:
    notices = Notices()
    for number in range(150):
        notices.settle(str(number))
        notices.settle(str(number))
    assert notices.settled == [str(number) for number in range(50, 150)]
