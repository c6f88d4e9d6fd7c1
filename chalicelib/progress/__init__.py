"""What a person's answers, days and plan show over some weeks: for themselves in plain words, for staff in figures."""
