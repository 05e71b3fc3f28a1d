"""FreeSWITCH's event socket: parsing, commands and connections, on top of greenswitch."""
