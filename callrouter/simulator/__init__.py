"""A small software switch that speaks the event socket, for the demo and the tests."""
