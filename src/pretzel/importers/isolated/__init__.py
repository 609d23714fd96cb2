"""Steps that cannot be opened, as Python stages for side processes, if the caller asks for that."""
