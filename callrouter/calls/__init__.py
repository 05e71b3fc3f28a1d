"""The life of one inbound call in the router."""
