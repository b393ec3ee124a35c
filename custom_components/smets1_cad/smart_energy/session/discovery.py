"""Find out what a hub has: endpoints, servers, which fuel each speaks of."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from zigpy.exceptions import DeliveryError, ZigbeeException
from zigpy.zdo.types import Status as ZdoStatus

from ...cad.models import Fuel
from ..const import PROFILE_ID, ClusterId
from ..device import SmartEnergyDevice
from ..network import RadioLost
from ..numbers import Attributes
from .const import LOGGER
from .errors import HubRefused, HubSilent, NoHubServices
from .exchange import Exchange
from .gate import Gate
from .record import ClusterRecord, EndpointRecord, HanRecord, static_value
from .static import is_static

USED_CLUSTERS: Final = frozenset(
    {
        ClusterId.BASIC,
        ClusterId.TIME,
        ClusterId.KEEP_ALIVE,
        ClusterId.PRICE,
        ClusterId.METERING,
        ClusterId.MESSAGING,
        ClusterId.PREPAYMENT,
        ClusterId.CALENDAR,
        ClusterId.DEVICE_MANAGEMENT,
        ClusterId.EVENTS,
        ClusterId.KEY_ESTABLISHMENT,
    }
)
"""Servers that a CAD has a use for."""

DEVICE_TYPE: Final = 0x0306
UNIT_OF_MEASURE: Final = 0x0300

METER_STATICS: Final = (0x0306, 0x0300, 0x0301, 0x0302, 0x0312, 0x0303)
"""Device type, unit, multiplier, divisor, alternative unit and formatting of a meter."""

IDENTITY_STATICS: Final = (0x0307, 0x0308)
"""Site (MPAN or MPRN) and serial number: strings of up to 24 octets, personal."""

BASIC_STATICS: Final = (0x0001, 0x0003, 0x0004, 0x0005, 0x4000)
"""Application and hardware version, manufacturer, model and software build, in the Basic cluster.

Older devices have no software build; their application version tells of other firmware.
"""

SUPPLIER_STATICS: Final = (0x0100, 0x0101)
"""Provider id and name, in the Device Management cluster."""

_FUELS: Final[Mapping[int, Fuel]] = {
    0x00: Fuel.ELECTRICITY,
    0x7F: Fuel.ELECTRICITY,
    0x01: Fuel.GAS,
    0x80: Fuel.GAS,
}
"""MeteringDeviceType, and CommodityType; a mirror adds 127."""

_CUBIC_METRES: Final = 0x01
_SUPPORTED: Final = 0x00


async def find_endpoints(
    hub: SmartEnergyDevice, seconds: float
) -> dict[int, EndpointRecord]:
    """Ask the hub for its Smart Energy endpoints and their servers; needs no link key.

    Raises:
        HubSilent: it does not answer.
        NoHubServices: it has no Smart Energy endpoint.
        RadioLost: the stick stopped answering.
    """
    status, _, endpoint_ids = await _zdo(
        hub.zdo.Active_EP_req, hub.nwk, seconds=seconds
    )
    found: dict[int, EndpointRecord] = {}
    if status == ZdoStatus.SUCCESS:
        for endpoint_id in endpoint_ids:
            status, _, descriptor = await _zdo(
                hub.zdo.Simple_Desc_req, hub.nwk, endpoint_id, seconds=seconds
            )
            if status != ZdoStatus.SUCCESS or descriptor.profile != PROFILE_ID:
                continue
            found[int(endpoint_id)] = EndpointRecord(
                device_id=int(descriptor.device_type),
                clusters={
                    int(cluster_id): ClusterRecord()
                    for cluster_id in descriptor.input_clusters
                    if cluster_id in USED_CLUSTERS
                },
            )
    if not found:
        raise NoHubServices(
            "The hub shows no Smart Energy endpoint. Ask the supplier whether the hub lets consumer devices read."
        )
    return found


async def _zdo(request: Any, *arguments: Any, seconds: float) -> Any:
    try:
        return await request(*arguments, timeout=seconds, retries=0, ask_for_ack=True)
    except (TimeoutError, DeliveryError) as err:
        raise HubSilent(
            "The hub does not say what it has. It is asked again; if it stays silent, move the stick nearer to it."
        ) from err
    except ZigbeeException as err:
        raise RadioLost(
            "The stick does not take requests. It is opened again."
        ) from err


def endpoints_with(record: HanRecord, cluster_id: int) -> list[int]:
    """Return the endpoints that serve a cluster."""
    return [
        number
        for number, endpoint in record.endpoints.items()
        if cluster_id in endpoint.clusters
    ]


async def read_once(
    exchange: Exchange,
    record: HanRecord,
    gate: Gate,
    place: tuple[int, int],
    wanted: Iterable[int],
) -> None:
    """Read attributes that do not change, those not read since the join.

    The answer is kept on its way by the reader. A hub that answers with a failure, or left some off, is not asked
    again for them; what was not answered is.

    Args:
        exchange: carries the request.
        record: takes what is read.
        gate: knows what was read since the join.
        place: endpoint and cluster.
        wanted: attribute ids.

    Raises: as `Exchange.read`, but for `HubRefused`.
    """
    endpoint, cluster_id = place
    known = record.endpoints[endpoint].clusters[cluster_id]
    missing = [one for one in wanted if not gate.was_read((endpoint, cluster_id, one))]
    if not missing:
        return
    try:
        await exchange.read(exchange.cluster(endpoint, cluster_id), missing)
    except HubRefused as err:
        LOGGER.debug("Endpoint %d refused to be read: %s", endpoint, err)
        known.missing |= set(missing)
    except BaseException:
        # Unanswered, whatever came between: it is still unknown.
        gate.forget({(endpoint, cluster_id, one) for one in missing})
        raise


def keep_static(known: ClusterRecord, said: Attributes, cluster_id: int) -> list[int]:
    """Keep what a Read Attributes Response says of attributes that do not change; return which."""
    answered: list[int] = []
    for attribute, value in said.values.items():
        if is_static(cluster_id, attribute):
            answered.append(attribute)
            if (kept := static_value(value)) is not None:
                known.static[attribute] = kept
    for attribute in said.refused:
        if is_static(cluster_id, attribute):
            answered.append(attribute)
            known.missing.add(attribute)
    return answered


def meter_fuel(known: ClusterRecord) -> Fuel | None:
    """Return what a meter measures, by its device type, or else by its unit; None for other meters."""
    device_type = known.static.get(DEVICE_TYPE)
    if isinstance(device_type, int):
        return _FUELS.get(device_type)
    unit = known.static.get(UNIT_OF_MEASURE)
    if not isinstance(unit, int):
        return None
    return Fuel.GAS if unit & 0x7F == _CUBIC_METRES else Fuel.ELECTRICITY


async def discover(
    exchange: Exchange, record: HanRecord, gate: Gate, fuels: frozenset[Fuel]
) -> None:
    """Read what does not change of every meter, and settle which fuel it measures.

    Who a meter belongs to is read only of the fuels that consent covers.

    Raises: as `Exchange.read`, but for `HubRefused`.
    """

    async def once(endpoint: int, cluster_id: int, wanted: Iterable[int]) -> None:
        await read_once(exchange, record, gate, (endpoint, cluster_id), wanted)

    for endpoint in endpoints_with(record, ClusterId.METERING):
        await once(endpoint, ClusterId.METERING, METER_STATICS)
        known = record.endpoints[endpoint].clusters[ClusterId.METERING]
        fuel = record.endpoints[endpoint].fuel = meter_fuel(known)
        if fuel in fuels:
            await once(endpoint, ClusterId.METERING, IDENTITY_STATICS)
    for endpoint in endpoints_with(record, ClusterId.BASIC):
        await once(endpoint, ClusterId.BASIC, BASIC_STATICS)
    for endpoint in endpoints_with(record, ClusterId.DEVICE_MANAGEMENT):
        await once(endpoint, ClusterId.DEVICE_MANAGEMENT, SUPPLIER_STATICS)
    gate.set_fuels(
        {
            number: place.fuel
            for number, place in record.endpoints.items()
            if place.fuel is not None
        }
    )
