"""What has been entered so far: kept on disk, so that every step can be left and resumed."""

from dataclasses import dataclass, field
import hashlib
from typing import Any, Final

from ..cad_secrets import CadSecrets
from ..smart_energy.eui64 import Eui64
from ..smart_energy.install_code import InstallCode
from ..store import CadStore, Section

_REQUESTED: Final = "requested"
"""Among the inputs: what the request was written down with. No step has this name."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A pairing that is being prepared, or changed. Personal and secret: its repr says neither.

    Attributes:
        eui64: the stick's address.
        store: where it is kept; the entry uses the same.
        path: the stick's port.
        inputs: what was typed, by step; it fills the forms again.
        install_code: the CAD's, once it is known; another one than is kept, until it has been asked for.
        credentials: the certificates as text, as they were loaded; "" for none.
        pairing: the request; like all that it is kept in, it writes nothing after an erasure.
        readings: what was read while joining.
    """

    eui64: Eui64
    store: CadStore
    path: str
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    install_code: InstallCode | None = None
    credentials: str = ""
    pairing: Section[dict[str, Any]] = field(init=False)
    readings: Section[dict[str, Any]] = field(init=False)
    _kept_code: InstallCode | None = field(init=False, default=None)
    _setup: Section[dict[str, Any]] = field(init=False)
    _secrets: Section[dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        """Take hold of what it is kept in: a dialog that is left writes nothing after an erasure."""
        self._setup = self.store.setup
        self._secrets = self.store.secrets
        self.pairing = self.store.pairing
        self.readings = self.store.readings

    def __repr__(self) -> str:
        """Show nothing of what was typed."""
        return f"Draft(steps={sorted(self.inputs)})"

    def require_kept(self) -> None:
        """Make sure that it was not erased while something was waited for.

        Raises:
            StoreError: it was.
        """
        self._setup.require_kept()

    async def load(self) -> bool:
        """Take up what was kept; return whether there was anything.

        Raises:
            StoreError: it cannot be read.
        """
        setup = await self._setup.load() or {}
        self.inputs = setup
        secrets = CadSecrets.from_dict(await self.store.secrets.load())
        self.install_code = self._kept_code = secrets.install_code
        self.credentials = secrets.credentials
        return bool(setup or self.install_code or self.credentials)

    async def save(self) -> None:
        """Keep it, and return once it is on disk.

        The install code that the supplier has been asked for stays until it is asked for
        another one: only with that can the CAD join if the dialog is left here.

        Raises:
            StoreError: it could not be written.
        """
        code = self.install_code
        if self._kept_code is not None and self.code_changed:
            code = self._kept_code
        await self._setup.save(dict(self.inputs))
        await self._secrets.save(
            CadSecrets(install_code=code, credentials=self.credentials).as_dict()
        )
        self._kept_code = code

    @property
    def code_changed(self) -> bool:
        """Whether a request was written down with another install code than the present one."""
        requested = self.inputs.get(_REQUESTED)
        return requested is not None and requested != self._requested

    @property
    def _requested(self) -> dict[str, Any]:
        assert self.install_code is not None
        return {"code_sha256": hashlib.sha256(self.install_code.octets).hexdigest()}

    async def note_request(self) -> None:
        """Note with which install code the request is written down, and keep it from now on.

        Raises:
            StoreError: it could not be written.
        """
        self.inputs[_REQUESTED] = self._requested
        await self.save()

    async def clear(self) -> None:
        """Forget what was typed and loaded. What is on record of a consent stays.

        So does an install code that a request was written with, which the supplier may have.

        Raises:
            StoreError: it could not be written.
        """
        requested = self.inputs.get(_REQUESTED)
        self.inputs = {} if requested is None else {_REQUESTED: requested}
        self.credentials = ""
        if requested is None:
            self.install_code = None
        await self.save()
