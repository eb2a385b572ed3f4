"""The HTTP face: health and metrics for everybody on the port, operations and the live feed on the home's socket."""
