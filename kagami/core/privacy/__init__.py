"""Private things in texts: found, replaced by stand-ins, put back.

`finding` looks for them, `book` keeps what stand-ins stand for, `desk` has the books of all chats, `redact` hides
live secrets. Nothing is imported here: who does not use the guard does not load its patterns.
"""
