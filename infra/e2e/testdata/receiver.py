"""Somebody else's program: it receives webhooks, and has the library of Standard Webhooks verify them.

It is given the signing secret on a line of its own, and says a line of JSON first of where it listens, then of each call.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

verifier = Webhook(sys.stdin.readline().strip())


def say(**what):
    print(json.dumps(what), flush=True)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            verifier.verify(body, dict(self.headers))
            verified = True
        except WebhookVerificationError:
            verified = False
        self.send_response(204 if verified else 401)
        self.end_headers()
        say(verified=verified, id=self.headers["webhook-id"], type=self.headers["Content-Type"], body=body.decode())

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Receiver)
say(port=server.server_port)
server.serve_forever()
