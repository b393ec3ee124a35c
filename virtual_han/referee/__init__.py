"""The referee: it sees every request that reaches the hub and counts what breaks the rules.

The rules are those of the product under test (R15, R16), written down here a
second time, from the guidance and the cluster tables alone:

- changing information of a fuel (registers, demand, price, profile) is asked
  for at most once per 10 s (electricity) or 30 min (gas), in a burst of at most
  three frames, and what was answered is not asked for again within a burst;
- what does not change (scaling, labels, identities, discovery), and what the
  hub has said it does not have, is asked for once per join;
- who somebody is (maker, firmware, serial number, supplier) may be asked again a
  day later, or an hour later if the network has given cause to: firmware was
  activated, the device came back or made a new key, a register fell. After
  another answer, that endpoint's scaling may be read anew, too;
- one request is in flight at a time;
- nothing but reads, acknowledgements and key establishment; nothing broadcast;
  nothing unencrypted on a cluster that needs the link key.

`rules` says of one frame by itself what it asks for and whether it may be sent
at all; `memory` keeps what a rule needs of the frames before; `referee` looks on
and writes down.
"""

from .referee import Finding, Referee, Request
from .rules import METERING, PRICE, Breach

__all__ = ["METERING", "PRICE", "Breach", "Finding", "Referee", "Request"]
