"""The parts of the demo: data, pipelines, servers, and measurements."""
