"""The REST API ``/api/v1``: the services and lists of the directory for programs, and a document that describes it."""
