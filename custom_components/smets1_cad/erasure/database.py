"""Rows of the recorder's database, deleted in its own thread.

The recorder's services delete states of entities and whole statistics, but neither
events nor what is older than a date, and ask for much that is not needed here. These
jobs delete the same rows in the same order of transactions, batch by batch, so that
the recorder goes on writing in between, and keep its caches right with its own
managers.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import batched
from typing import Any, Final, cast

from sqlalchemy import (
    CursorResult,
    Delete,
    Update,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from homeassistant.components.recorder.const import SupportedDialect
from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.db_schema import (
    EventData,
    Events,
    EventTypes,
    StateAttributes,
    States,
    StatesMeta,
    Statistics,
    StatisticsMeta,
    StatisticsShortTerm,
)
from homeassistant.helpers.recorder import session_scope

from ..const import DOMAIN
from .targets import Targets

BATCH: Final = 10_000
"""Rows that one transaction deletes."""

TABLES: Final = (
    "states",
    "state_attributes",
    "states_meta",
    "events",
    "event_data",
    "event_types",
    "statistics",
    "statistics_short_term",
    "statistics_meta",
)
"""The tables that rows are deleted from."""

_PAGE: Final = 2_000
_PROBE_LENGTH: Final = 40
_PROBES: Final = 400

_UNUSED_ATTRIBUTES: Final = ~exists().where(
    States.attributes_id == StateAttributes.attributes_id
)

type Counts = dict[str, int]
type Job = Iterator[None]
"""Work in the recorder's thread; each step is a transaction, or a few, of its own."""


class Erasure:
    """What is deleted of one tenancy, and how much it was.

    Attributes:
        deleted: rows deleted, by table.
        probes: texts that were deleted, to look for in the files afterwards; kept in memory only.
    """

    def __init__(self, targets: Targets, before: float | None = None) -> None:
        """Say what, and how old.

        Args:
            targets: what belongs to the tenancy.
            before: only what is older, seconds since 1970; None is everything, also the names.
        """
        self._targets = targets
        self._before = before
        self.deleted: Counts = dict.fromkeys(TABLES, 0)
        self.probes: set[str] = set()

    def __call__(self, instance: Recorder) -> Job:
        """Delete everything, step by step."""
        yield from self._states(instance)
        yield from self._statistics(instance)
        if self._before is None:
            yield from self._events(instance)

    def _count(self, table: str, rows: int) -> None:
        self.deleted[table] += rows

    def _states(self, instance: Recorder) -> Job:
        """Delete states, newest first, with their attributes; then the entities' names."""
        with session_scope(session=instance.get_session()) as session:
            metadata = _states_metadata(session, self._targets)
        for metadata_id in metadata:
            while True:
                with session_scope(session=instance.get_session()) as session:
                    rows = self._delete_states(instance, session, metadata_id)
                if rows < BATCH:
                    break
                yield
        yield from self._attributes(instance)
        if self._before is not None:
            return
        with session_scope(session=instance.get_session()) as session:
            metadata = _states_metadata(session, self._targets)
            # A state may have come in since: its name goes with it, in the next run.
            bare = {
                metadata_id: entity_id
                for metadata_id, entity_id in metadata.items()
                if not session.scalar(
                    select(exists().where(States.metadata_id == metadata_id))
                )
            }
            for ids in batched(bare, _PAGE, strict=False):
                _execute(
                    session, delete(StatesMeta).where(StatesMeta.metadata_id.in_(ids))
                )
            self._count("states_meta", len(bare))
        instance.states_meta_manager.evict_purged(bare.values())
        instance.states_manager.evict_purged_entity_ids(set(bare.values()))
        yield

    def _delete_states(
        self, instance: Recorder, session: Session, metadata_id: int
    ) -> int:
        """Delete a batch of an entity's states; return how many there were."""
        query = (
            select(States.state_id)
            .where(States.metadata_id == metadata_id)
            .order_by(States.last_updated_ts.desc())
            .limit(BATCH)
        )
        if self._before is not None:
            query = query.where(States.last_updated_ts < self._before)
        rows = session.scalars(query).all()
        # Half as many as the engine allows: one statement names each twice.
        for chunk in batched(rows, instance.max_bind_vars // 2, strict=False):
            self._delete_chunk(instance, session, chunk)
        instance.states_manager.evict_purged_state_ids(set(rows))
        self._count("states", len(rows))
        return len(rows)

    @staticmethod
    def _delete_chunk(
        instance: Recorder, session: Session, state_ids: Sequence[int]
    ) -> None:
        """Delete states, and let no state refer to them any more."""
        refers = [States.old_state_id.in_(state_ids)]
        if instance.dialect_name != SupportedDialect.MYSQL:
            # Elsewhere references are checked when a statement ends, not row by row.
            refers.append(States.state_id.not_in(state_ids))
        _execute(session, update(States).where(*refers).values(old_state_id=None))
        _execute(session, delete(States).where(States.state_id.in_(state_ids)))

    def _attributes(self, instance: Recorder) -> Job:
        """Delete attributes that no state has any more, whosever they were."""
        while True:
            with session_scope(session=instance.get_session()) as session:
                unused = session.execute(
                    select(StateAttributes.attributes_id, StateAttributes.shared_attrs)
                    .where(_UNUSED_ATTRIBUTES)
                    .limit(_PAGE)
                ).all()
                unused_ids = {attributes_id for attributes_id, _ in unused}
                _execute(
                    session,
                    delete(StateAttributes).where(
                        StateAttributes.attributes_id.in_(unused_ids)
                    ),
                )
            self._remember(attributes for _, attributes in unused)
            self._count("state_attributes", len(unused_ids))
            instance.state_attributes_manager.evict_purged(unused_ids)
            yield
            if len(unused_ids) < _PAGE:
                return

    def _statistics(self, instance: Recorder) -> Job:
        """Delete long- and short-term statistics, an id at a time; then their names."""
        with session_scope(session=instance.get_session()) as session:
            metadata = _statistics_metadata(session, self._targets)
        for metadata_id in metadata:
            for table in (StatisticsShortTerm, Statistics):
                where = table.metadata_id == metadata_id
                if self._before is not None:
                    where &= table.start_ts < self._before
                with session_scope(session=instance.get_session()) as session:
                    rows = _execute(
                        session,
                        delete(table).where(where),
                    )
                    self._count(table.__tablename__, rows)
                yield
        if self._before is None and metadata:
            with session_scope(session=instance.get_session()) as session:
                instance.statistics_meta_manager.delete(
                    session, list(metadata.values())
                )
            self._count("statistics_meta", len(metadata))
            yield

    def _events(self, instance: Recorder) -> Job:
        """Delete events of the integration, and those whose data mention the tenancy's."""
        pattern = self._targets.pattern()
        last = 0
        while True:
            with session_scope(session=instance.get_session()) as session:
                page = session.execute(
                    select(EventData.data_id, EventData.shared_data)
                    .where(EventData.data_id > last)
                    .order_by(EventData.data_id)
                    .limit(_PAGE)
                ).all()
                if not page:
                    break
                last = page[-1][0]
                found = [row for row in page if row[1] and pattern.search(row[1])]
                self._delete_event_data(instance, session, [row[0] for row in found])
                self._remember(data for _, data in found)
            yield
        with session_scope(session=instance.get_session()) as session:
            own = {
                type_id: name
                for type_id, name in session.execute(
                    select(EventTypes.event_type_id, EventTypes.event_type).where(
                        EventTypes.event_type.like(f"{DOMAIN}%")
                    )
                )
                if not self._targets.spared
            }
            data_ids = session.scalars(
                select(Events.data_id)
                .where(Events.event_type_id.in_(own))
                .where(Events.data_id.is_not(None))
                .distinct()
            ).all()
            rows = _execute(
                session,
                delete(Events).where(Events.event_type_id.in_(own)),
            )
            self._count("events", rows)
            _execute(
                session,
                delete(EventTypes).where(EventTypes.event_type_id.in_(own)),
            )
            self._count("event_types", len(own))
            self._delete_event_data(instance, session, data_ids)
        instance.event_type_manager.evict_purged(own.values())
        yield

    def _delete_event_data(
        self, instance: Recorder, session: Session, data_ids: Sequence[int | None]
    ) -> None:
        if not data_ids:
            return
        for ids in batched(data_ids, _PAGE, strict=False):
            events = _execute(
                session,
                delete(Events).where(Events.data_id.in_(ids)),
            )
            self._count("events", events)
            _execute(
                session,
                delete(EventData).where(EventData.data_id.in_(ids)),
            )
            self._count("event_data", len(ids))
        instance.event_data_manager.evict_purged(
            {each for each in data_ids if each is not None}
        )

    def _remember(self, texts: Iterable[str | None]) -> None:
        """Keep some of what is deleted, if it is long enough to be nobody else's."""
        for each in texts:
            if len(self.probes) >= _PROBES:
                return
            if each is not None and len(each) >= _PROBE_LENGTH:
                self.probes.add(each)


def remaining(instance: Recorder, targets: Targets) -> Counts:
    """Return how many rows of a tenancy each table still has; for the recorder's executor."""
    with session_scope(session=instance.get_session(), read_only=True) as session:
        states = _states_metadata(session, targets)
        statistics = _statistics_metadata(session, targets)
        pattern = targets.pattern()
        return {
            "states_meta": len(states),
            "statistics_meta": len(statistics),
            "states": _rows(session, States.metadata_id, states),
            "statistics": _rows(session, Statistics.metadata_id, statistics),
            "statistics_short_term": _rows(
                session, StatisticsShortTerm.metadata_id, statistics
            ),
            "state_attributes": session.scalar(
                select(func.count())
                .select_from(StateAttributes)
                .where(_UNUSED_ATTRIBUTES)
            )
            or 0,
            "event_data": sum(
                pattern.search(data) is not None
                for data in _pages(session, EventData.data_id, EventData.shared_data)
            ),
        }


def mentions(instance: Recorder, words: Iterable[str]) -> frozenset[str]:
    """Return which words rows of others contain: of these, bytes in the files prove nothing."""
    wanted = set(words)
    found: set[str] = set()
    with session_scope(session=instance.get_session(), read_only=True) as session:
        for key, column in (
            (StatesMeta.metadata_id, StatesMeta.entity_id),
            (StatisticsMeta.id, StatisticsMeta.statistic_id),
            (StateAttributes.attributes_id, StateAttributes.shared_attrs),
            (EventData.data_id, EventData.shared_data),
            (States.state_id, States.state),
        ):
            if wanted == found:
                break
            for data in _pages(session, key, column):
                found |= {word for word in wanted - found if word in data}
    return frozenset(found)


def _execute(session: Session, statement: Delete | Update) -> int:
    """Change rows without looking for them among objects in memory; return how many there were."""
    return cast(
        CursorResult[Any],
        session.execute(statement, execution_options={"synchronize_session": False}),
    ).rowcount


def _states_metadata(session: Session, targets: Targets) -> dict[int, str]:
    """Return the names of a tenancy's entities, by id."""
    return {
        metadata_id: entity_id
        for metadata_id, entity_id in session.execute(
            select(StatesMeta.metadata_id, StatesMeta.entity_id)
        )
        if entity_id in targets.entity_ids
    }


def _statistics_metadata(session: Session, targets: Targets) -> dict[int, str]:
    """Return the names of a tenancy's statistics, by id."""
    return {
        metadata_id: statistic_id
        for metadata_id, statistic_id in session.execute(
            select(StatisticsMeta.id, StatisticsMeta.statistic_id)
        )
        if statistic_id is not None and targets.owns_statistic(statistic_id)
    }


def _rows(
    session: Session, column: InstrumentedAttribute[Any], ids: Iterable[int]
) -> int:
    """Return how many rows belong to any of the ids."""
    return sum(
        session.scalar(select(func.count()).where(column.in_(some))) or 0
        for some in batched(ids, _PAGE, strict=False)
    )


def _pages(
    session: Session,
    key: InstrumentedAttribute[Any],
    column: InstrumentedAttribute[Any],
) -> Iterator[str]:
    """Return the texts in a column, of which a few at a time are in memory."""
    last = -1
    while page := session.execute(
        select(key, column).where(key > last).order_by(key).limit(_PAGE)
    ).all():
        last = page[-1][0]
        yield from (data for _, data in page if data)
