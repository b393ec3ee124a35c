"""Buttons: withdraw consent, go on to have the CAD unpaired, read a meter now."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .cad.models import Fuel
from .coordinator import Smets1CadConfigEntry, Smets1CadCoordinator
from .entity import Smets1CadEntity, Smets1CadEntityDescription, async_add_when_proven
from .error_words import cad_errors_translated
from .leaving.leaving import async_withdraw_consent, unpairing_of
from .readings.news import News

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True)
class CadButtonDescription(Smets1CadEntityDescription, ButtonEntityDescription):
    """Describes a button.

    Attributes:
        press_fn: what it does.
        can_fn: whether there is anything to do.
        has_fn: whether it belongs there at all.
    """

    press_fn: Callable[[Smets1CadConfigEntry], Awaitable[object]]
    can_fn: Callable[[Smets1CadCoordinator], bool]
    has_fn: Callable[[Smets1CadCoordinator], bool] = lambda coordinator: True
    changed_by: frozenset[News] | None = frozenset()


async def _withdraw(entry: Smets1CadConfigEntry) -> None:
    coordinator = entry.runtime_data.coordinator
    await async_withdraw_consent(coordinator.hass, entry)
    coordinator.async_update_listeners()


async def _unpair(entry: Smets1CadConfigEntry) -> None:
    # A press cannot say why, and the reason decides whether consent ends with it.
    unpairing_of(entry.runtime_data).async_want()


async def _read(fuel: Fuel, entry: Smets1CadConfigEntry) -> None:
    await entry.runtime_data.coordinator.async_ask(fuel)


def _can_unpair(coordinator: Smets1CadCoordinator) -> bool:
    keeper = coordinator.pairing
    return keeper is not None and keeper.pairing.can_end


DESCRIPTIONS: Final[tuple[CadButtonDescription, ...]] = (
    CadButtonDescription(
        key="withdraw_consent",
        translation_key="withdraw_consent",
        entity_category=EntityCategory.CONFIG,
        press_fn=_withdraw,
        can_fn=lambda coordinator: coordinator.has_consent,
    ),
    CadButtonDescription(
        key="request_unpairing",
        translation_key="request_unpairing",
        entity_category=EntityCategory.CONFIG,
        press_fn=_unpair,
        can_fn=_can_unpair,
        has_fn=lambda coordinator: coordinator.pairing is not None,
    ),
    *(
        CadButtonDescription(
            key="read_now",
            translation_key="read_now",
            fuel=fuel,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            press_fn=partial(_read, fuel),
            can_fn=lambda coordinator: coordinator.has_consent,
            has_fn=partial(
                lambda fuel, coordinator: fuel in coordinator.data.meters, fuel
            ),
        )
        for fuel in Fuel
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: Smets1CadConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons; a meter's own once it is found."""
    async_add_when_proven(
        entry,
        async_add_entities,
        Platform.BUTTON,
        DESCRIPTIONS,
        lambda coordinator, description: description.has_fn(coordinator),
        CadButton,
    )


class CadButton(Smets1CadEntity[None], ButtonEntity):
    """A button of the CAD, or of a meter."""

    entity_description: CadButtonDescription

    @override
    def _read(self) -> None:
        """Show nothing but whether it can be pressed."""

    @override
    def _read_available(self) -> bool:
        return self.entity_description.can_fn(self.coordinator)

    @override
    async def async_update(self) -> None:
        """Ask nothing: a button has no value."""

    @override
    @cad_errors_translated
    async def async_press(self) -> None:
        """Do it."""
        await self.entity_description.press_fn(self.coordinator.config_entry)
