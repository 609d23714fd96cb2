"""The numeric kernels and the program that runs them; they depend on arrays and frames alone."""
