#!/usr/bin/env python3
"""hostile.py URL WORK: images, manifests and clients that mean harm. Exit 1 names each wrong answer."""
import gzip
import hashlib
import http.client
import io
import json
import socket
import sys
import tarfile
import threading
import time
import urllib.parse
import zlib

place = urllib.parse.urlsplit(sys.argv[1])
OCI = "application/vnd.oci.image.manifest.v1+json"
CONFIG = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
wrong = []


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def ask(method, path, body=None, headers=None, timeout=60):
    wire = http.client.HTTPConnection(place.hostname, place.port, timeout=timeout)
    wire.request(method, path, body=body, headers=headers or {})
    answer = wire.getresponse()
    return answer.status, answer.read(), answer.headers


def push_blob(repository, data):
    _, _, headers = ask("POST", f"/v2/{repository}/blobs/uploads/", headers={"Content-Length": "0"})
    where = headers["Location"]
    status, text, _ = ask("PUT", where + ("&" if "?" in where else "?") + "digest=" + digest(data), data)
    return status, text


def descriptor(data, media_type, size=None):
    return {"mediaType": media_type, "digest": digest(data), "size": len(data) if size is None else size}


def push_image(repository, layer, media_type="application/vnd.oci.image.layer.v1.tar+gzip"):
    for data in (layer, CONFIG):
        status, text = push_blob(repository, data)
        if status != 201:
            return None, f"{status} {text[:200]}"
    body = json.dumps({"schemaVersion": 2, "mediaType": OCI,
                       "config": descriptor(CONFIG, "application/vnd.oci.image.config.v1+json"),
                       "layers": [descriptor(layer, media_type)]}).encode()
    status, text, _ = ask("PUT", f"/v2/{repository}/manifests/latest", body, {"Content-Type": OCI})
    return (digest(body), "") if status == 201 else (None, f"{status} {text[:200]}")


def report(repository, image, seconds=60):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        status, text, _ = ask("GET", f"/api/v1/images/{repository}/{image}/report")
        if status == 200:
            return json.loads(text)
        time.sleep(0.05)
    return None


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def gzip_bomb(size):
    """`size` zero bytes of one tar member, packed a thousand to one, without holding them."""
    head = tarfile.TarInfo("zeros")
    head.size = size
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    out = [pack.compress(head.tobuf())]
    block = bytes(1 << 20)
    for _ in range(size >> 20):
        out.append(pack.compress(block))
    out.append(pack.flush())
    return b"".join(out)


STATUS = (b"Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13.dfsg-1\nSource: zlib\n\n"
          b"Package: perl-base\nStatus: install ok installed\nArchi")
OS = b'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\n'
GOOD = {"etc/os-release": OS, "var/lib/dpkg/status": STATUS.rsplit(b"\n\n", 1)[0] + b"\n"}
packed = gzip.compress(tar_of(GOOD))

# --- layers: (name, bytes, a word that the reason must hold) ---------------------------------------
layers = [
    ("truncated", packed[: len(packed) - 40], None),
    ("corrupt", packed[:60] + bytes(b ^ 0x55 for b in packed[60:90]) + packed[90:], None),
    ("not-a-layer", b"\x00\x01\x02 this is no archive at all" * 50, None),
    ("cut-database", gzip.compress(tar_of({"etc/os-release": OS, "var/lib/dpkg/status": STATUS})), None),
    ("bomb", gzip_bomb(3 << 30), None),
    ("climbing-names", gzip.compress(tar_of({**GOOD, "../../etc/passwd": b"x", "/abs": b"x"})), None),
]
for name, data, _ in layers:
    image, why = push_image("hostile/" + name, data)
    if image is None:
        wrong.append(f"{name}: the push was refused: {why}")
        continue
    started = time.monotonic()
    found = report("hostile/" + name, image, 120)
    if found is None:
        wrong.append(f"{name}: no report after 120 s")
        continue
    reasons = [i["reason"] for i in found["incomplete"]]
    print(f"{name}: {found['coverage']}, {reasons[:2]}, {time.monotonic() - started:.1f} s")
    if not reasons or found["coverage"] == "full":
        wrong.append(f"{name}: coverage {found['coverage']} without a reason")

# --- manifests that lie: (name, body, status, error code) ---------------------------------------------
push_blob("lies", CONFIG)
push_blob("lies", packed)
config = descriptor(CONFIG, "application/vnd.oci.image.config.v1+json")
layer = descriptor(packed, "application/vnd.oci.image.layer.v1.tar+gzip")
absent = descriptor(b"absent", "application/vnd.oci.image.layer.v1.tar+gzip")


def manifest(**fields):
    return json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": [layer], **fields}).encode()


lies = [
    ("size that is not the blob's", manifest(layers=[{**layer, "size": 7}]), 400, "SIZE_INVALID"),
    ("blob that is not here", manifest(layers=[absent]), 400, "MANIFEST_BLOB_UNKNOWN"),
    ("digest without meaning", manifest(layers=[{**layer, "digest": "sha256:zz"}]), 400, None),
    ("not JSON", b"{", 400, "MANIFEST_INVALID"),
    ("duplicate keys", b'{"schemaVersion":2,"schemaVersion":2}', 400, "MANIFEST_INVALID"),
    ("layers and manifests", manifest(manifests=[]), 400, "MANIFEST_INVALID"),
    ("another media type inside", manifest(mediaType="application/vnd.oci.image.index.v1+json"), 400, "MANIFEST_INVALID"),
    ("five megabytes", manifest(annotations={"a": "x" * (5 << 20)}), 413, None),
    ("nested too deep", b'{"a":' * 5000 + b"1" + b"}" * 5000, 413, "MANIFEST_INVALID"),
]
for name, body, want, code in lies:
    status, text, _ = ask("PUT", "/v2/lies/manifests/latest", body, {"Content-Type": OCI})
    try:
        got = json.loads(text)["errors"][0]["code"]
    except (ValueError, KeyError):
        got = text[:80]
    if status != want or (code and got != code):
        wrong.append(f"manifest, {name}: {status} {got}, wanted {want} {code}")
_, _, headers = ask("POST", "/v2/lies/blobs/uploads/", headers={"Content-Length": "0"})
status, text, _ = ask("PUT", headers["Location"] + ("&" if "?" in headers["Location"] else "?") + "digest=" + digest(b"other"), b"bytes")
if status != 400 or b"DIGEST_INVALID" not in text:
    wrong.append(f"wrong digest: {status} {text[:80]}")

# --- four stalled uploads beside a thousand readers -------------------------------------------------------
stalled = []
for i in range(4):
    _, _, headers = ask("POST", f"/v2/stalled{i}/blobs/uploads/", headers={"Content-Length": "0"})
    wire = socket.create_connection((place.hostname, place.port))
    wire.sendall(f"PATCH {headers['Location']} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n".encode() + bytes(70000))
    stalled.append(wire)
slowest, failures, lock = [0.0], [], threading.Lock()


def reader():
    for _ in range(50):
        started = time.monotonic()
        try:
            status, _, _ = ask("GET", "/v2/hostile/truncated/manifests/latest", timeout=20)
        except OSError as error:
            status = str(error)
        took = time.monotonic() - started
        with lock:
            slowest[0] = max(slowest[0], took)
            if status != 200:
                failures.append(status)


threads = [threading.Thread(target=reader) for _ in range(20)]  # 20 x 50 reads
for thread in threads:
    thread.start()
small, why = push_image("beside/stalled", packed)
if small is None:
    wrong.append(f"a push beside four stalled uploads: {why}")
for thread in threads:
    thread.join()
print(f"1000 reads beside 4 stalled uploads: slowest {slowest[0]:.2f} s")
if failures:
    wrong.append(f"reads beside stalled uploads failed: {failures[:3]}")
for wire in stalled:
    wire.close()  # clients that die in the middle
idle = [socket.create_connection((place.hostname, place.port)) for _ in range(1000)]
for wire in idle:
    wire.sendall(b"GET /v2/ HTTP/1.1\r\nHo")  # a thousand headers that never end
status, _, _ = ask("GET", "/v2/", timeout=10)
if status != 200:
    wrong.append(f"/v2/ beside a thousand half headers: {status}")
for wire in idle:
    wire.close()
status, _, _ = ask("GET", "/healthz")
if status != 200:
    wrong.append(f"/healthz at the end: {status}")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
