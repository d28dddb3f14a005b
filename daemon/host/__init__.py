"""What the system gives a process: processors, priority, memory, the service manager."""
