"""The frame for Train functions of your own; needs nothing but Python's standard library."""
