"""Feature functions of users: how many are traced, and the time of one row."""
