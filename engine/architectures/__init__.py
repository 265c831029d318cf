"""Network designs, one file each: a module from inputs to one output a task that knows what its tasks share."""
