"""The only place that wires the parts together: settings in, running roles out."""
