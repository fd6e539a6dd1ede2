"""A program on the command line, which knows nothing of Sundog: ``python launch.py boto2|boto3 COUNT``.

It launches servers and prints how many there are.
"""

import sys


def main(library, count):
    if library == "boto2":
        # boto 2 ended with Python 3.7; this lets later ones import it, and speak TLS through a proxy.
        import sundog.boto2  # noqa: F401, I001 - it comes before boto
        from servers_boto2 import add_servers, list_servers
    else:
        from servers_boto3 import add_servers, list_servers
    add_servers("ami-1234abcd", count)
    print(len(list_servers()))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
