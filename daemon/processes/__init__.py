"""One file a process, and what keeps it alive; nothing below imports this room."""
