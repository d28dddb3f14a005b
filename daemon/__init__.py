"""What keeps the pipeline alive: commands, configuration, processes, views."""
