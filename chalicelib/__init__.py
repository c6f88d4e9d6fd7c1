"""Cairn: one package per capability, each with domain, service, store and routes."""
