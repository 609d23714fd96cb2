"""Messages and service of the Open Inference Protocol, outside the default descriptor pool of protobuf."""
