"""Cases: what a team still has to do for a caller, who is on it, and how it ended."""
