"""What any consumer access device is: models, errors, the link protocol, pacing."""
