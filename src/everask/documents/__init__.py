"""Files and pages in, `Document`s out. Knows formats and limits; not what is done with documents."""
