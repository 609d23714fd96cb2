"""Regular expressions as automata: patterns, NFAs, and the tables that kernels run."""
