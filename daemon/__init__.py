"""The daemon around the pipeline: commands, configuration, processes, views."""
