"""The web role: health, metrics and the pages people use."""
