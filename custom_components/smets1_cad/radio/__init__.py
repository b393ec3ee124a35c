"""The stick: a bellows application that joins a network instead of forming one. No Home Assistant."""
