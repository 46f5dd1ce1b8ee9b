#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""browser.py PROFILE URL WIDTH HEIGHT EVENTS PICTURE: what a page looks like after it got so many events.

Prints "events=N wide=N of=WIDTH": how many there were, and how wide the page would like to be. The browser is told what to
do through a pair of pipes; its time is the real one.
"""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time

LIMIT = 240


class Browser:
    def __init__(self, profile):
        to_read, self.to = os.pipe()
        self.back, back_write = os.pipe()

        def pipes():        # it reads 3 and writes 4
            a, b = os.dup(to_read), os.dup(back_write)
            os.dup2(a, 3)
            os.dup2(b, 4)
        self.process = subprocess.Popen(
            [shutil.which("chromium") or "chromium-browser", "--headless", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--user-data-dir=" + profile, "--remote-debugging-pipe", "about:blank"],
            preexec_fn=pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number, self.heard, self.end = 0, b"", time.monotonic() + LIMIT

    def message(self):
        while b"\0" not in self.heard:
            if not select.select([self.back], [], [], max(0, self.end - time.monotonic()))[0]:
                sys.exit("the browser does not answer")
            self.heard += os.read(self.back, 1 << 20) or sys.exit("the browser has ended")
        text, _, self.heard = self.heard.partition(b"\0")
        return json.loads(text)

    def ask(self, method, session=None, **params):
        self.number += 1
        question = {"id": self.number, "method": method, "params": params}
        if session:
            question["sessionId"] = session
        os.write(self.to, json.dumps(question).encode() + b"\0")
        while True:
            answer = self.message()
            if answer.get("id") == self.number:
                return answer.get("result") or sys.exit("%s: %s" % (method, answer))


def main(profile, url, width, height, events, picture):
    browser = Browser(profile)
    try:
        target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
        session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

        def value(expression):
            return browser.ask("Runtime.evaluate", session, expression=expression)["result"].get("value")
        os.write(browser.to, json.dumps({"id": 0, "method": "Emulation.setDeviceMetricsOverride", "sessionId": session, "params": {
            "width": int(width), "height": int(height), "deviceScaleFactor": 1, "mobile": int(width) < 600}}).encode() + b"\0")
        browser.ask("Page.navigate", session, url=url)
        while int(value("document.body && document.body.dataset.events") or 0) < int(events):
            if time.monotonic() > browser.end:
                break
            time.sleep(0.2)
        shot = browser.ask("Page.captureScreenshot", session, format="png")
        with open(picture, "wb") as f:
            f.write(base64.b64decode(shot["data"]))
        print("events=%s wide=%s of=%s" % (value("document.body.dataset.events"),
                                           value("document.documentElement.scrollWidth"), width))
    finally:
        browser.process.kill()
        browser.process.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
