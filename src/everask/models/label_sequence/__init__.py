"""Labels that go together: decoded one after another, or taken from the sets that were seen."""
