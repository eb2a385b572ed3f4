"""Private things in texts: found, replaced by placeholders, put back.

`finding` looks for them, `book` keeps what placeholders stand for, `desk` has the books of all chats, `redact` hides
live secrets. Nothing is imported here: who does not use the guard does not load its patterns.
"""
