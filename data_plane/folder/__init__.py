"""Models from a folder of exported files, in place of a control plane."""
