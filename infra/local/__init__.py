"""Cairn on a laptop: the AWS emulator, the packaged stack on it, and the world outside (mail, push, public address)."""
