"""Programs beside the daemon; nothing imports them."""
