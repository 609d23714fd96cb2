"""The program of side processes.  It imports nothing of Pretzel, because other environments do not have it."""
