"""The control plane: compiles definitions into plans, stores each distinct object once, and publishes versions."""
