"""The operator's port: requests come in, are carried out or refused, and are answered."""
