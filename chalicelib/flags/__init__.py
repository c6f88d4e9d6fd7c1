"""What makes somebody look at a person: rules over answers and silence, and the flags that they raise."""
