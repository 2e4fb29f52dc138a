"""moto's server, one request at a time, and what it takes for SES kept to be read.

AWS gives the name of a secret once. moto looks whether a name is free and takes it afterwards, so that of two requests at the
same moment both may be told that they were first; the desk's promise of one key stands on that being impossible.

Nobody receives what is sent here. Where KEYDESK_MAIL names a folder, each message that moto has accepted becomes a file there: its
headers, an empty line, its body. The files' names begin with the time, so the newest is the last.
"""

import base64
import io
import json
import os
import re
import threading
from datetime import datetime, timezone
from email import message_from_bytes, policy
from email.message import EmailMessage

from moto import server

SEND = "/v2/email/outbound-emails"  # SES v2, SendEmail
MOST = 1000  # messages that are kept; the oldest go first

folder = os.environ.get("KEYDESK_MAIL")
one = threading.Lock()


class OneAtATime(server.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        with one:
            if not folder or environ["PATH_INFO"] != SEND:
                return super().__call__(environ, start_response)
            sent = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(sent)
            statuses = []

            def begin(status, *rest):
                statuses.append(status)
                return start_response(status, *rest)

            answer = super().__call__(environ, begin)
            if statuses[0].startswith("200"):
                keep(json.loads(sent))
            return answer


def keep(sent):
    to = sent.get("Destination", {}).get("ToAddresses", [])
    name = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H%M%S.%f")
    name += re.sub(r"[^A-Za-z0-9@._+-]", "_", "-" + ",".join(to))[:100] + ".txt"
    part = os.path.join(folder, ".part")  # so that nobody reads half of it
    with open(part, "wb") as file:
        file.write(message(sent, to).as_bytes())
    os.replace(part, os.path.join(folder, name))
    for old in sorted(os.listdir(folder))[:-MOST]:
        os.remove(os.path.join(folder, old))


def message(sent, to):
    readable = policy.SMTPUTF8.clone(linesep="\n", max_line_length=0)
    if "Raw" in sent["Content"]:
        return message_from_bytes(base64.b64decode(sent["Content"]["Raw"]["Data"]), policy=readable)
    simple = sent["Content"]["Simple"]
    m = EmailMessage(policy=readable)
    m["From"], m["To"], m["Subject"] = sent["FromEmailAddress"], ", ".join(to), simple["Subject"]["Data"]
    for header in simple.get("Headers", []):
        m[header["Name"]] = header["Value"]
    kind = "Text" if "Text" in simple["Body"] else "Html"
    m.set_content(simple["Body"][kind]["Data"], subtype={"Text": "plain", "Html": "html"}[kind], cte="8bit")
    return m


server.DomainDispatcherApplication = OneAtATime
server.main()
