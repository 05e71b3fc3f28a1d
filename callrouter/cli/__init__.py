"""The command line: one file per noun, each a thin edge over the services."""
