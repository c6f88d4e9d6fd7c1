"""What a programme looks like as a whole over some months, in figures that point at nobody."""
