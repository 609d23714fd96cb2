"""Request logs: columns and answers of some calls, in files from which drift can be computed."""
