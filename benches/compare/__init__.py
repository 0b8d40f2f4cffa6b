"""What `compare.py` measures with: one file for what all subjects share, one for each subject."""
