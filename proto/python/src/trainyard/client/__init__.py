"""The client of a server: gRPC for calls and the live stream, plain HTTP for files."""
