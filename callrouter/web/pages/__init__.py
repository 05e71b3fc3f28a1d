"""One module per noun: thin views that parse a form, call a service, and answer."""
