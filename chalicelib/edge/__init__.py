"""What the shells share: configuration, clock, ids, table, log, http. Nothing here knows a rule of a programme."""
