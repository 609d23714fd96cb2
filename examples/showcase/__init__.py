"""The parts of the demo: data, pipelines, servers, and what is measured of them."""
