"""Records sampled calls: traces of OpenTelemetry, and request logs.  All of it is off unless settings turn it on."""
