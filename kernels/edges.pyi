"""Where Python's values become slots and slots become Python's values; C only."""
