"""The SDK: predictions from workers, deployment through the control plane."""
