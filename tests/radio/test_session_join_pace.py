"""The distance between two tries to join is kept over sessions (R9, R16)."""

import asyncio

from custom_components.smets1_cad.cad.link import LinkState

from .han_session import session_on
from .virtual import JumpingClock, virtual_han


async def test_r16_a_reload_is_no_reason_to_try_again_at_once() -> None:
    async with virtual_han() as han:
        async with session_on(han) as watched:
            await watched.until_state(LinkState.NOT_JOINED)
            pacer = watched.pacer
        for _ in range(3):
            began = han.clock.now()
            async with session_on(han, pacer=pacer) as watched:
                watched.session.join_now()
                await watched.until(lambda: LinkState.SCANNING in watched.states)
                (first, *_) = (
                    status
                    for status in watched.statuses
                    if status.state is LinkState.SCANNING
                )
                waited = next(
                    status
                    for status in watched.statuses
                    if status.state is LinkState.NOT_JOINED
                )
                assert waited.error is None
                assert waited.next_attempt is not None
                assert (first.since - began).total_seconds() > 55
                await watched.until(lambda: watched.session.status.error is not None)


async def test_r16_a_join_that_is_broken_off_counts_as_one_in_vain() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han) as watched:
            joining, pacer = asyncio.Event(), watched.pacer

            async def join(*_: object) -> None:
                joining.set()
                await asyncio.Event().wait()

            watched.radio.join = join  # type: ignore[method-assign, assignment]
            await joining.wait()
        assert len(pacer.join_failed) == 1
        began = han.clock.now()
        async with session_on(han, pacer=pacer) as watched:
            await watched.until_state(LinkState.RUNNING)
            assert (han.clock.now() - began).total_seconds() > 55
            assert not pacer.join_failed


async def test_another_cad_does_not_wait() -> None:
    async with virtual_han() as han:
        han.admit()
        async with session_on(han, start=False) as watched:
            pacer = watched.pacer
            pacer.join_failed["00:0d:6f:ff:fe:00:00:01"] = JumpingClock(han).monotonic()
            await watched.session.start(watched.grant)
            await watched.until_state(LinkState.RUNNING)
            assert LinkState.NOT_JOINED not in watched.states
