"""Types of the Tunneling cluster (SE 1.4 Annex D.6)."""

import zigpy.types as t


class TunnelingProtocolId(t.enum8):
    """Protocol in a tunnel."""

    DLMS_COSEM = 0x00
    IEC_61107 = 0x01
    ANSI_C12 = 0x02
    M_BUS = 0x03
    SML = 0x04
    CLIMATE_TALK = 0x05
    GB_HRGP = 0x06
    IP_V4 = 0x07
    IP_V6 = 0x08
    TEST = 0xC7


class TunnelingTransferDataStatus(t.enum8):
    """Why data did not go through a tunnel."""

    NO_SUCH_TUNNEL = 0x00
    WRONG_DEVICE = 0x01
    DATA_OVERFLOW = 0x02


class TunnelingTunnelStatus(t.enum8):
    """Outcome of RequestTunnel."""

    SUCCESS = 0x00
    BUSY = 0x01
    NO_MORE_TUNNEL_IDS = 0x02
    PROTOCOL_NOT_SUPPORTED = 0x03
    FLOW_CONTROL_NOT_SUPPORTED = 0x04
