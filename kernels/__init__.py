"""The arithmetic, and the program that runs it; knows arrays and frames, and nothing else of Pretzel."""
