"""Speaks the Open Inference Protocol, in the dialect of Triton, for the models of this process."""
