"""The commands, one small file each; what takes long to import is imported when it is needed."""
