"""What raw Smart Energy numbers mean: time, units, registers, prices, gas, profiles.

Everything here is a pure function or a frozen value over plain integers and
octets. Nothing imports zigpy, so the same code reads a cluster of ours, a frame
from a capture or the hexadecimal of another CAD.

Facts are cited as: SE (Smart Energy profile 1.0 to 1.4), ZCL (Zigbee Cluster
Library), GBCS (Great Britain Companion Specification).
"""
