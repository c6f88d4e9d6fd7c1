"""What stands outside of AWS on a laptop: the public address, mail, a push service, and the inbox that shows both."""
