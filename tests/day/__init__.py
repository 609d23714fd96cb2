"""A day of a production system, as a script: two control planes, PostgreSQL, S3 and three workers."""
