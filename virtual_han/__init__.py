"""A home area network made of software: a stick, a communications hub, meters and a supplier."""
