"""Cairn: one package per capability, each with domain, service, store and routes."""

from zoneinfo import reset_tzpath

# Time zones are those of the pinned tzdata package and the same everywhere: a host's own may be years old, or missing.
reset_tzpath(())
