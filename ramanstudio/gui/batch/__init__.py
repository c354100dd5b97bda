"""*Process > Batch…* and *File > Watch folder…*: a recipe on many files, and on those that come."""
