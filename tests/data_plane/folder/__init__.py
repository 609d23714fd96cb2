"""Tests of folders of models in place of a control plane."""
