"""Programs that look for octets which the decoder cannot stand."""
