"""Cairn on a laptop: the AWS emulator, the packaged stack on it, and the outside world (mail, push, the public address)."""
