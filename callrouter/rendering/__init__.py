"""From the database to FreeSWITCH's configuration: render, compare, apply."""
