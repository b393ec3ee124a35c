"""What the Smart Energy cluster classes share: base class, definitions, shapes."""

from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, override

from zigpy.exceptions import ZigbeeException
import zigpy.types as t
from zigpy.zcl import Cluster
from zigpy.zcl.foundation import (
    BaseAttributeDefs,
    CommandSchema,
    DataTypeId,
    ZCLAttributeAccess,
    ZCLAttributeDef,
    ZCLCommandDef,
    ZCLHeader,
)

from ...cad.errors import CadError
from .answers import read_answer


class SmartEnergyCluster(Cluster):
    """A Smart Energy cluster that stays out of zigpy's registries.

    zigpy has one set of attributes for a cluster. In Smart Energy a client has
    attributes too, under the same numbers: those are `ClientAttributeDefs`.
    """

    _skip_registry = True

    aps_encryption = True
    """Data needs the link key (SE 1.4 5.4.6); Key Establishment makes that key."""

    class ClientAttributeDefs(BaseAttributeDefs):
        """Attributes of the client, which a server reads or has reported."""

    client_attributes: ClassVar[dict[int, ZCLAttributeDef]] = {}

    @override
    def __init_subclass__(cls) -> None:
        """Name the client's attributes, which zigpy does not know of."""
        super().__init_subclass__()
        cls.client_attributes = {}
        for name in dir(cls.ClientAttributeDefs):
            definition = getattr(cls.ClientAttributeDefs, name)
            if isinstance(definition, ZCLAttributeDef):
                cls.client_attributes[definition.id] = definition.replace(name=name)

    @override
    def deserialize(self, data: bytes) -> tuple[ZCLHeader, CommandSchema | bytes]:
        """Read a frame; see `answers` for what this does better than zigpy.

        Raises:
            FrameError: an answer or a report is malformed.
            ValueError: another command is, as zigpy says it.
        """
        header, payload = ZCLHeader.deserialize(data)
        answer = read_answer(header, payload)
        return super().deserialize(data) if answer is None else (header, answer)

    @override
    def create_catching_task(
        self,
        target: Coroutine[Any, Any, Any],
        exceptions: type[Exception] | tuple[type[Exception], ...] | None = None,
        name: str | None = None,
    ) -> None:
        """Let zigpy answer by itself; that nothing may leave any more is no fault of the program."""
        super().create_catching_task(
            target, exceptions or (TimeoutError, ZigbeeException, CadError), name
        )


class LengthDependent(CommandSchema):
    """A command whose fields depend on how long it is."""

    @classmethod
    def layout(cls, length: int) -> type[t.Struct]:
        """Give the fields of a payload of so many octets."""
        raise NotImplementedError

    @classmethod
    @override
    def deserialize(cls, data: bytes) -> tuple[Self, bytes]:
        fields, rest = cls.layout(len(data)).deserialize(data)
        return cls(**fields.as_dict()), rest


class Variant(t.Bytes):
    """The rest of a frame, whose layout another field names."""

    selector: ClassVar[str]
    layouts: ClassVar[Mapping[int, type[t.Struct]]]

    def parse(self, layout: int) -> t.Struct | None:
        """Read the octets; None where the layout is not known.

        Raises:
            ValueError: the octets end too early.
        """
        struct = self.layouts.get(layout)
        return None if struct is None else struct.deserialize(bytes(self))[0]


@dataclass(frozen=True, slots=True)
class Count:
    """How many items a list holds: an earlier field, or some of its bits."""

    field: str
    shift: int = 0
    mask: int = 0xFFFF

    def __call__(self, struct: object) -> int:
        """Read the count from what has been decoded so far."""
        return int(getattr(struct, self.field)) >> self.shift & self.mask


def counted(field: str, *, shift: int = 0, mask: int = 0xFFFF) -> Any:
    """Declare a list field of a struct whose length an earlier field gives."""
    return t.StructField(length=Count(field, shift, mask))


def optional() -> Any:
    """Declare a field of a struct that a frame may end before."""
    return t.StructField(optional=True)


def attribute(
    attribute_id: int,
    zcl_type: Any,
    access: str = "r",
    *,
    wire: DataTypeId | None = None,
    mandatory: bool = False,
) -> ZCLAttributeDef:
    """Define an attribute.

    Args:
        attribute_id: its number.
        zcl_type: the zigpy type of its value.
        access: "r" or "rw", as the server offers it.
        wire: the data type on the air, where the zigpy type does not imply it.
        mandatory: whether every server of the cluster has it.
    """
    wired: dict[str, Any] = {} if wire is None else {"zcl_type": wire}
    return ZCLAttributeDef(
        id=t.uint16_t(attribute_id),
        type=zcl_type,
        access=ZCLAttributeAccess.from_str(access),
        mandatory=mandatory,
        **wired,
    )


def packed(
    attribute_id: int, zcl_type: Any, *, mandatory: bool = False
) -> ZCLAttributeDef:
    """Define an attribute that is a bitmap on the air, and more than bits to us."""
    return attribute(attribute_id, zcl_type, wire=DataTypeId.map8, mandatory=mandatory)


def command(
    command_id: int, fields: Mapping[str, Any] | type[t.Struct] | None = None
) -> ZCLCommandDef:
    """Define a command; a field name that ends in "?" may be missing at the end."""
    schema: Any = fields if isinstance(fields, type) else dict(fields or {})
    return ZCLCommandDef(id=t.uint8_t(command_id), schema=schema)


type Definitions = Iterable[tuple[str, ZCLAttributeDef]]


def series(
    pattern: str,
    start: int,
    numbers: Iterable[int],
    zcl_type: Any,
    access: str = "r",
    *,
    step: int = 1,
) -> Iterator[tuple[str, ZCLAttributeDef]]:
    """Define attributes that differ by a number: the first at `start`, then every `step`."""
    for place, number in enumerate(numbers):
        yield (
            pattern.format(n=number),
            attribute(start + step * place, zcl_type, access),
        )


def both_ways(
    pattern: str, start: int, numbers: Iterable[int], zcl_type: Any
) -> Iterator[tuple[str, ZCLAttributeDef]]:
    """Define pairs: energy delivered at the even number, received at the next."""
    for place, number in enumerate(numbers):
        for way, name in enumerate(("delivered", "received")):
            yield (
                pattern.format(n=number, way=name),
                attribute(start + 2 * place + way, zcl_type),
            )


def add[DefinitionsT: type[BaseAttributeDefs]](
    *families: Definitions,
) -> Callable[[DefinitionsT], DefinitionsT]:
    """Decorate a set of attribute definitions: add families to it."""

    def decorate(definitions: DefinitionsT) -> DefinitionsT:
        for family in families:
            for name, definition in family:
                setattr(definitions, name, definition)
        return definitions

    return decorate
