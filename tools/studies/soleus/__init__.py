"""The muscle against a real one: ``python -m tools.studies.soleus DATA_FOLDER``."""
