"""The OneBot 11 language: bytes in, values out, and back. Pure: no clock, socket or chance.

`wire` decodes frames, `cq` reads and renders CQ strings, `read` and `write` translate between frames and the model,
`actions` knows the standard's calls, `quick` its quick operations, `serve` speaks as an implementation to applications.
Source: the OneBot 11 standard; what NapCat does differently is marked where it matters.
"""
