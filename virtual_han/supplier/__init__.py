"""A supplier with a pairing service, as `docs/pairing-service.openapi.yaml` describes one."""

from .behaviour import Answering, Behaviour, Outcome
from .desk import Desk, HubDoor
from .service import SupplierService

__all__ = ["Answering", "Behaviour", "Desk", "HubDoor", "Outcome", "SupplierService"]
