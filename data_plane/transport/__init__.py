"""The native front: gRPC over HTTP/2 by libnghttp2, inside the event loop of a serving process."""
