"""The system's services to a process: processors, priority, memory, the service manager."""
