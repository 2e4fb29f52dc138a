"""moto's server, one request at a time.

AWS gives the name of a secret once. moto looks whether a name is free and takes it afterwards, so that of two requests at the
same moment both may be told that they were first; the desk's promise of one key stands on that being impossible.
"""

import threading

from moto import server

one = threading.Lock()


class OneAtATime(server.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        with one:
            return super().__call__(environ, start_response)


server.DomainDispatcherApplication = OneAtATime
server.main()
