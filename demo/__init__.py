"""A Home Assistant to try the integration in, started by scripts/demo."""
