"""Who the communications hub is, as far as it was read when the CAD joined (R22)."""

from collections.abc import Mapping
from typing import Any, Final

from ..const import LOGGER
from ..smart_energy.const import ClusterId, DeviceId
from ..smart_energy.eui64 import Eui64
from ..smart_energy.session.record import HanRecord
from ..smart_energy.values.price import label_text

_FIELDS: Final = {
    "manufacturer": 0x0004,
    "model": 0x0005,
    "hardware_version": 0x0003,
    "firmware_version": 0x4000,
    "application_version": 0x0001,
}
"""Attributes of the Basic cluster."""


def hub_identity(session: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what the hub says of itself, "" for what was not read.

    A hub serves the meters at endpoints of their own; its own is that of the Energy
    Service Interface.

    Args:
        session: the record of the join, as it is stored.

    Returns:
        ``eui64``, ``manufacturer``, ``model``, ``hardware_version``, ``firmware_version``, ``application_version``.
    """
    try:
        record = HanRecord.from_dict(session)
    except (AttributeError, KeyError, TypeError, ValueError) as err:
        LOGGER.debug("The record of the network is damaged: %s", type(err).__name__)
        record = HanRecord()
    own = next(
        (
            endpoint
            for endpoint in record.endpoints.values()
            if endpoint.device_id == DeviceId.ENERGY_SERVICE_INTERFACE
        ),
        None,
    )
    basic = {} if own is None else own.static_of(ClusterId.BASIC)
    return {
        "eui64": Eui64.parse(record.trust_centre).with_hyphens
        if record.trust_centre
        else "",
        **{
            name: _text(basic[attribute]) if attribute in basic else ""
            for name, attribute in _FIELDS.items()
        },
    }


def _text(value: int | bytes) -> str:
    return str(value) if isinstance(value, int) else label_text(value)
