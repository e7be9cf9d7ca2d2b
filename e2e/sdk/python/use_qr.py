"""QR codes as phones meet them: whole, and made smaller by a page. Read by zbar and OpenCV here, by jsQR in Node's half."""

import base64
import os
import pathlib
import re
import subprocess

import cv2
import requests

import phone
from checks import check, group, same
from phone import SIMULATOR, WEIR

# Node's half reads what is left here: NAME-PERCENT.png, and NAME.txt, which they say.
PICTURES = pathlib.Path(os.environ["PICTURES"])
HOST_TOKEN = os.environ["HOST_TOKEN"]


def weirs():
    """A QR code for binding, and where on Weir it leads."""
    answer = requests.post(f"{WEIR}/api/wechat/generate-qr", headers={"authorization": f"Bearer {HOST_TOKEN}"}, timeout=30)
    return base64.b64decode(answer.json()["data"]["qr_code_data"]), re.compile(r"http://[^/]+(/s/[\w-]{22,})")


def simulators():
    """A website's QR code."""
    picture = phone.open_page(f"{SIMULATOR}/connect/qrconnect?appid={phone.WEBSITE[0]}&redirect_uri={phone.BACK}"
                              "&response_type=code&scope=snsapi_login&state=1")
    path = phone.read(picture.text).pictures[0]
    uuid = path.rsplit("/", 1)[1]
    return requests.get(f"{SIMULATOR}{path}", timeout=30).content, re.compile(
        re.escape(f"{SIMULATOR}/connect/confirm?uuid={uuid}"))


def zbar(picture):
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(picture)]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def opencv(picture):
    return cv2.QRCodeDetector().detectAndDecode(cv2.imread(str(picture)))[0]


def check_pictures(name, made):
    png, wanted = made
    whole = PICTURES / f"{name}-100.png"
    whole.write_bytes(png)
    text = zbar(whole)
    check(f"{name}'s leads where it should", lambda: same(bool(wanted.fullmatch(text)), True))
    (PICTURES / f"{name}.txt").write_text(text)
    image = cv2.imread(str(whole), cv2.IMREAD_GRAYSCALE)
    for percent in (100, 75, 50):
        picture = PICTURES / f"{name}-{percent}.png"
        if percent < 100:
            small = cv2.resize(image, None, fx=percent / 100, fy=percent / 100, interpolation=cv2.INTER_AREA)
            cv2.imwrite(str(picture), small)
        for reader in (zbar, opencv):
            check(f"{name}'s at {percent} % is read by {reader.__name__}", lambda: same(reader(picture), text))
    return text


def run():
    group("QR code")
    check_pictures("simulator", simulators())
    text = check_pictures("weir", weirs())
    # Last: whoever opens it first is the phone.
    opened = requests.get(f"{WEIR}/s/{text.rsplit('/', 1)[1]}", allow_redirects=False, timeout=30)
    check("a phone that opens weir's is sent to WeChat's consent", lambda: same(
        (opened.status_code, opened.headers.get("location", "").startswith(f"{SIMULATOR}/connect/oauth2/authorize?")),
        (302, True)))
