"""The Zigbee Cluster Library of this network: frames built and read from the cluster tables."""

from .commands import Fields, FieldValue, decode_fields, encode_fields
from .errors import MalformedFrameError, ZclError
from .frame import FrameType, General, Status, ZclFrame, default_response
from .general import (
    Record,
    attribute_ids,
    discover_attributes_response,
    discover_commands_response,
    discover_request,
    read_attributes_response,
    read_records,
    read_response,
    report,
    write_requests,
)
from .tables import (
    Attribute,
    ClusterTable,
    Command,
    Field,
    Span,
    cluster_tables,
    version_rank,
)
from .wire import TYPES, TYPES_BY_ID, Kind, Value, WireType, decode, encode

__all__ = [
    "TYPES",
    "TYPES_BY_ID",
    "Attribute",
    "ClusterTable",
    "Command",
    "Field",
    "FieldValue",
    "Fields",
    "FrameType",
    "General",
    "Kind",
    "MalformedFrameError",
    "Record",
    "Span",
    "Status",
    "Value",
    "WireType",
    "ZclError",
    "ZclFrame",
    "attribute_ids",
    "cluster_tables",
    "decode",
    "decode_fields",
    "default_response",
    "discover_attributes_response",
    "discover_commands_response",
    "discover_request",
    "encode",
    "encode_fields",
    "read_attributes_response",
    "read_records",
    "read_response",
    "report",
    "version_rank",
    "write_requests",
]
