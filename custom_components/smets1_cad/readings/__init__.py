"""What meters report, judged, put together and kept over restarts (R12)."""
