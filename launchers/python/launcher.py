"""Hosts the handler of a Python function; with --template it is a fork server for such workers (launchers/PROTOCOL.md)."""
import os
import sys


def main():
    # The interpreter puts this folder on sys.path, or not (-I, -P, PYTHONSAFEPATH). The function's own modules are to be
    # found there, not ours: a package that is loaded finds its parts without sys.path.
    own_folder = os.path.dirname(os.path.abspath(__file__))
    if sys.path[:1] != [own_folder]:
        sys.path.insert(0, own_folder)
    import _shortedfaas
    del sys.path[0]

    if sys.argv[1:2] == ["--template"]:
        from _shortedfaas import template
        template.main(sys.argv[2:])
    else:
        from _shortedfaas import worker
        worker.main(3, 4)


# Also imported, by the children of `multiprocessing`: those are no launchers.
if __name__ == "__main__":
    main()
