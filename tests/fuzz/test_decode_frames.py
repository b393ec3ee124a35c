"""A small run of the fuzzer, and proof that it would find something."""

import pytest

from . import decode_frames


def test_a_small_run_finds_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    findings = decode_frames.run(5000, seed=2)
    assert findings.failures == []
    assert findings.outcomes.keys() == {"decoded", "frame error"}
    assert min(findings.outcomes.values()) > 500
    assert decode_frames.report(decode_frames.Findings(findings.outcomes)) == 0
    assert "5000 frames" in capsys.readouterr().out


def test_what_a_decoder_lets_through_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that fails, or takes its time, ends in exit status 1."""

    def fails(*_: object) -> None:
        raise KeyError("boom")

    monkeypatch.setattr(decode_frames, "decode", fails)
    assert decode_frames.main(["--frames", "3"]) == 1
    assert "KeyError: 'boom'" in capsys.readouterr().out


def test_a_slow_frame_is_reported(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(1000))
    monkeypatch.setattr(decode_frames, "thread_time", lambda: next(ticks))
    assert decode_frames.main(["--frames", "2"]) == 1
    assert "SLOW 1000.00 ms" in capsys.readouterr().out


def test_the_same_seed_gives_the_same_frames() -> None:
    assert list(decode_frames.mutants(400, 7)) == list(decode_frames.mutants(400, 7))
    assert list(decode_frames.mutants(400, 7)) != list(decode_frames.mutants(400, 8))
