"""One paper or one learned part each; the folders are independent of each other."""
