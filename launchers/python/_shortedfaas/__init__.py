"""The parts of the Python launcher; standard library only, Python 3.8 and later."""
