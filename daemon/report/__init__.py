"""A recorded session looked back on: what tired, what happened, how well it went."""
