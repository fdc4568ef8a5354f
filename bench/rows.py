"""rows.py - what is measured. Each row function returns a list of results:
{"what", "ours", "unit", "beside", "peer" (same unit), "budget"}; ratio is ours / peer."""
import gzip
import hashlib
import http.client
import io
import json
import lzma
import os
import pathlib
import re
import resource
import sqlite3
import statistics
import subprocess
import tarfile
import threading
import time

OCI = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
BIG = 512 << 20


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Bench:
    """The servers, the files, and the few requests that every row needs."""

    def __init__(self, root, work, portwarden, docker_registry, nginx):
        self.root, self.work = root, work
        self.portwarden, self.docker_registry, self.nginx = portwarden, docker_registry, nginx
        self.testdata = pathlib.Path(os.environ.get("PORTWARDEN_TESTDATA", root.parent / "shared/testdata"))

    def close(self):
        for server in (self.portwarden, self.docker_registry, self.nginx):
            server.stop()

    def note(self, text):
        print("    " + text)

    def push_blob(self, server, repository, data, digest=None):
        """POST then one PUT; returns the digest."""
        digest = digest or sha256(data)
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        wire.request("POST", f"/v2/{repository}/blobs/uploads/", headers={"Content-Length": "0"})
        answer = wire.getresponse()
        answer.read()
        place = answer.headers["Location"]
        place = re.sub(r"^https?://[^/]+", "", place)
        wire.request("PUT", place + ("&" if "?" in place else "?") + "digest=" + digest, body=data,
                     headers={"Content-Type": "application/octet-stream"})
        answer = wire.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise SystemExit(f"blob push: {answer.status} {text[:300]}")
        return digest

    def push_manifest(self, server, repository, tag, config, layers, **more):
        body = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": config, "layers": layers, **more}).encode()
        wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        wire.request("PUT", f"/v2/{repository}/manifests/{tag}", body=body, headers={"Content-Type": OCI})
        answer = wire.getresponse()
        text = answer.read()
        if answer.status != 201:
            raise SystemExit(f"manifest push: {answer.status} {text[:300]}")
        return sha256(body)

    def small_image(self, server, repository):
        """One tiny image; returns (config descriptor, layer descriptor)."""
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        layer = gzip.compress(tar_of({"hello": b"hello\n"}), mtime=0)
        out = []
        for media_type, data in ((CONFIG, config), (LAYER, layer)):
            digest = self.push_blob(server, repository, data)
            out.append({"mediaType": media_type, "digest": digest, "size": len(data)})
        self.push_manifest(server, repository, "latest", out[0], [out[1]])
        return out

    def big_layer(self):
        """About 512 MiB of gzip-compressed tar with incompressible files: (path, digest)."""
        path = self.work / "big.tar.gz"
        if not path.exists():
            noise = os.urandom(64 << 20)
            with gzip.open(path, "wb", 1) as out, tarfile.open(fileobj=out, mode="w|") as tar:
                for i in range(BIG // len(noise)):
                    entry = tarfile.TarInfo(f"data/{i}")
                    entry.size = len(noise)
                    tar.addfile(entry, io.BytesIO(noise[i:] + noise[:i]))
        hasher = hashlib.sha256()
        with open(path, "rb") as source:
            while chunk := source.read(1 << 20):
                hasher.update(chunk)
        return path, "sha256:" + hasher.hexdigest()


def tar_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def wrk(url, connections=64, seconds=4, script=None, env=None, threads=2):
    """(requests a second, p50 ms, p99 ms); refuses answers that are not 2xx."""
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", "Accept: " + OCI]
    if script:
        command += ["-s", str(script)]
    text = subprocess.run([*command, url], check=True, capture_output=True, text=True, env={**os.environ, **(env or {})}).stdout
    if "Non-2xx" in text:
        raise SystemExit(f"wrk {url}: {re.search('Non-2xx.*', text)[0]}")

    def latency(label):
        value, unit = re.search(rf"{label}\s+([\d.]+)(us|ms|s)\b", text).groups()
        return float(value) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), latency("50%"), latency("99%")


def row_get(b):
    ours, peer, nginx = b.portwarden.start(), b.docker_registry.start(), b.nginx.start()
    for server in (ours, peer):
        b.small_image(server, "bench/get")
    (b.nginx.files / "manifest.json").write_bytes(b"x" * 400)
    rate, p50, p99 = wrk(ours.url() + "/v2/bench/get/manifests/latest")
    theirs, _, _ = wrk(peer.url() + "/v2/bench/get/manifests/latest")
    limit, _, _ = wrk(nginx.url() + "/manifest.json")
    return [
        {"what": "manifest GET by tag, 64 connections", "ours": rate, "unit": "/s", "beside": "docker-registry", "peer": theirs, "budget": ">= 30,000/s"},
        {"what": "  the same beside a static file", "ours": rate, "unit": "/s", "beside": "nginx", "peer": limit},
        {"what": "  p99", "ours": p99, "unit": "ms", "budget": "< 10 ms"},
    ]


def row_put(b):
    ours, peer = b.portwarden.start(), b.docker_registry.start()
    out = []
    figures = {}
    for name, server in (("ours", ours), ("peer", peer)):
        config, layer = b.small_image(server, "bench/put")
        env = {"CONFIG_DIGEST": config["digest"], "CONFIG_SIZE": str(config["size"]), "LAYER_DIGEST": layer["digest"],
               "LAYER_SIZE": str(layer["size"]), "REPOSITORY": "bench/put"}
        one = wrk(server.url(), 1, 3, b.root / "bench/put.lua", {**env, "RUN": "one"}, threads=1)
        many = wrk(server.url(), 16, 4, b.root / "bench/put.lua", {**env, "RUN": "many"})
        figures[name] = (one, many)
    out.append({"what": "durable manifest PUT, p50, 1 connection", "ours": figures["ours"][0][1], "unit": "ms",
                "beside": "docker-registry", "peer": figures["peer"][0][1], "budget": "< 1 ms"})
    out.append({"what": "durable manifest PUT, 16 connections", "ours": figures["ours"][1][0], "unit": "/s",
                "beside": "docker-registry", "peer": figures["peer"][1][0], "budget": ">= 2,000/s"})
    return out


def push_file(b, server, path, digest, repository):
    """MB/s of one PUT of the file by curl; the blob is deleted afterwards so that it can be pushed again."""
    wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    wire.request("POST", f"/v2/{repository}/blobs/uploads/", headers={"Content-Length": "0"})
    answer = wire.getresponse()
    answer.read()
    place = re.sub(r"^https?://[^/]+", "", answer.headers["Location"])
    url = server.url() + place + ("&" if "?" in place else "?") + "digest=" + digest
    text = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_total}", "-X", "PUT", "-T", str(path),
                           "-H", "Expect:", "-H", "Content-Type: application/octet-stream", url],
                          check=True, capture_output=True, text=True).stdout.split()
    if text[0] != "201":
        raise SystemExit(f"push: {text}")
    return path.stat().st_size / 1e6 / float(text[1])


def row_push(b):
    ours, peer = b.portwarden.start(), b.docker_registry.start()
    path, digest = b.big_layer()
    rates = {"ours": [], "peer": []}
    for i in range(4):  # the first of each warms the page cache and is not counted
        for name, server in (("ours", ours), ("peer", peer)):
            rates[name].append(push_file(b, server, path, digest, f"bench/push{i}"))
    hash_started = time.process_time()
    hasher = hashlib.sha256()
    with open(path, "rb") as source:
        while chunk := source.read(1 << 20):
            hasher.update(chunk)
    limit = path.stat().st_size / 1e6 / (time.process_time() - hash_started)
    mine, theirs = statistics.median(rates["ours"][1:]), statistics.median(rates["peer"][1:])
    return [
        {"what": "push of 512 MiB gzip layer, reader on", "ours": mine, "unit": "MB/s", "beside": "docker-registry", "peer": theirs, "budget": ">= 500 MB/s"},
        {"what": "  the same beside hashing alone", "ours": mine, "unit": "MB/s", "beside": "SHA-256", "peer": limit},
    ]


def row_pull(b):
    ours, peer, nginx = b.portwarden.start(), b.docker_registry.start(), b.nginx.start()
    path, digest = b.big_layer()
    for server in (ours, peer):
        push_file(b, server, path, digest, "bench/pull")
    if not (b.nginx.files / "big").exists():
        os.link(path, b.nginx.files / "big")

    def pull(url):
        text = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_total}", url], check=True,
                              capture_output=True, text=True).stdout.split()
        return path.stat().st_size / 1e6 / float(text[1])
    urls = [ours.url() + f"/v2/bench/pull/blobs/{digest}", peer.url() + f"/v2/bench/pull/blobs/{digest}", nginx.url() + "/big"]
    rates = [[], [], []]
    for _ in range(6):
        for i, url in enumerate(urls):
            rates[i].append(pull(url))
    mine, theirs, limit = (statistics.median(r[1:]) for r in rates)
    return [
        {"what": "pull of 512 MiB", "ours": mine, "unit": "MB/s", "beside": "nginx sendfile", "peer": limit, "budget": "nginx"},
        {"what": "  the same", "ours": mine, "unit": "MB/s", "beside": "docker-registry", "peer": theirs},
    ]


def cpu_and_wall(command):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start


def usr_layout(b):
    """An OCI layout with one layer of about 300 MB packed: this machine's programs and libraries."""
    layout = b.work / "usr"
    if not layout.exists():
        tar = b.work / "usr.tar"
        subprocess.run(["tar", "-C", "/", "-cf", str(tar), "var/lib/dpkg", "usr/bin", "usr/lib/python3", "usr/lib/gcc", "usr/share/perl"],
                       check=False, stderr=subprocess.DEVNULL)
        subprocess.run([str(b.root / "tools/make-oci"), str(layout), "latest", str(tar)], check=True, stdout=subprocess.DEVNULL)
        tar.unlink()
    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads((layout / "blobs" / index["manifests"][0]["digest"].replace(":", "/")).read_text())
    return layout, layout / "blobs" / manifest["layers"][0]["digest"].replace(":", "/")


def row_scan(b):
    layout, layer = usr_layout(b)
    program = b.portwarden.program
    cold, warm, limit = [], [], []
    for i in range(4):
        data = b.work / f"scan{i}"
        subprocess.run([program, "init", "--data", str(data)], check=True, stdout=subprocess.DEVNULL)
        command = [program, "scan", f"oci:{layout}:latest", "--format", "json", "--data", str(data)]
        limit.append(cpu_and_wall(["igzip", "-d", "-c", "-S", "", str(layer)])[1])
        cold.append(cpu_and_wall(command)[1])
        warm.append(cpu_and_wall(command)[1])
    mine, again, inflate = (statistics.median(x[1:]) for x in (cold, warm, limit))
    size = layer.stat().st_size / 1e6
    return [
        {"what": f"cold scan oci: ({size:.0f} MB layer)", "ours": mine, "unit": "s", "beside": "igzip -d", "peer": inflate, "budget": "<= 1.25 x inflate"},
        {"what": "  second scan, layers known", "ours": again, "unit": "s", "beside": "cold scan", "peer": mine, "budget": "only new layers"},
    ]


FEEDS = [("osv", "osv"), ("debian-tracker", "debian/tracker-derived.json.xz"), ("alpine-secdb", "alpine"), ("nvd", "nvd"), ("kev", "kev"), ("epss", "epss")]


def run_measured(command):
    """(seconds, peak MiB) of one process."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} {command[1]} ended with {process.returncode}")
    return time.monotonic() - start, usage.ru_maxrss / 1024


def row_feeds(b):
    feeds = b.testdata / "feeds"
    if not feeds.exists():
        return [{"what": "import of all feeds", "ours": 0, "unit": "s", "beside": "(no shared test data here)"}]
    data, program = str(b.work / "feeds"), b.portwarden.program
    run_measured([program, "init", "--data", data])

    def import_all():
        runs = [run_measured([program, "feeds", "import", name, str(feeds / path), "--data", data]) for name, path in FEEDS]
        return sum(run[0] for run in runs), max(run[1] for run in runs)
    total, peak = import_all()
    again, _ = import_all()
    parse = sum(run_measured(["python3", "-c", PARSE_ONLY, str(feeds / path)])[0] for _, path in FEEDS)
    return [
        {"what": "import of all feeds in testdata", "ours": total, "unit": "s", "beside": "python json parse", "peer": parse, "budget": "< 20 s"},
        {"what": "  the same again, nothing changed", "ours": again, "unit": "s", "beside": "first import", "peer": total},
        {"what": "  peak memory", "ours": peak, "unit": "MiB", "budget": "< 300 MB"},
    ]


PARSE_ONLY = """
import csv, gzip, json, lzma, pathlib, sys, zipfile
path = pathlib.Path(sys.argv[1])
for file in [path] if path.is_file() else sorted(p for p in path.rglob('*') if p.is_file()):
    if file.suffix == '.zip':
        z = zipfile.ZipFile(file)
        for name in z.namelist(): json.loads(z.read(name))
    elif file.name.endswith('.csv.gz'): sum(1 for _ in csv.reader(gzip.open(file, 'rt')))
    elif file.suffix == '.gz': json.load(gzip.open(file))
    elif file.suffix == '.xz': json.load(lzma.open(file))
    elif file.suffix == '.json': json.load(open(file))
"""


def row_finding(b):
    """From the answer to the manifest PUT to the report being there, over 20 pushes of unlike layers."""
    ours = b.portwarden
    ours.stop()
    sample = b.root / "advisories/sample"
    ours.run("init")
    ours.run("feeds", "import", "sample", str(sample))
    ours.start()
    layout, layer = usr_layout(b)
    plain = b.work / "layer.tar"
    with open(plain, "wb") as out:
        subprocess.run(["igzip", "-d", "-c", "-S", "", str(layer)], check=True, stdout=out)
    config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
    status = (b.testdata / "images/debian-bookworm-min-20261121.tar.gz")
    times, inflate = [], []
    base = gzip.decompress(status.read_bytes()) if status.exists() else tar_of({"etc/os-release": b'ID=debian\nVERSION_ID="12"\n'})
    for i in range(20):
        # every push is a new 60 MB layer: a slice of programs with a package database behind it
        noise = io.BytesIO()
        with tarfile.open(fileobj=noise, mode="w") as tar, open(plain, "rb") as source:
            source.seek((i % 10) << 24)
            entry = tarfile.TarInfo(f"opt/app{i}")
            entry.size = 150 << 20
            tar.addfile(entry, source)
        end = noise.getvalue().rstrip(b"\0")
        end += b"\0" * (-len(end) % 512)
        packed = gzip.compress(end + base, 1, mtime=0)
        digest = b.push_blob(ours, "bench/finding", packed)
        config_digest = b.push_blob(ours, "bench/finding", config)
        started = time.monotonic()
        subprocess.run(["igzip", "-d", "-c"], input=packed, stdout=subprocess.DEVNULL, check=False)
        inflate.append(time.monotonic() - started)
        image = b.push_manifest(ours, "bench/finding", f"v{i}", {"mediaType": CONFIG, "digest": config_digest, "size": len(config)},
                                [{"mediaType": LAYER, "digest": digest, "size": len(packed)}])
        put = time.monotonic()
        wire = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=30)
        while True:
            wire.request("GET", f"/api/v1/images/bench/finding/{image}/report")
            answer = wire.getresponse()
            body = answer.read()
            if answer.status == 200:
                break
            if time.monotonic() - put > 60:
                raise SystemExit(f"no report after 60 s: {answer.status} {body[:200]}")
            time.sleep(0.005)
        times.append(time.monotonic() - put)
    times.sort()
    return [
        {"what": "finding visible after manifest PUT, p50 of 20", "ours": statistics.median(times), "unit": "s", "beside": "inflate of the layer", "peer": statistics.median(inflate), "budget": "<= 0.2 s"},
        {"what": "  p99 (the slowest of 20)", "ours": times[-1], "unit": "s", "budget": "<= 1 s"},
    ]


def simulate_images(database, sources, images=1_000_000, inventories=2000, items=150):
    """Rows of a million images that share a few thousand inventories, as images on common bases do."""
    db = sqlite3.connect(database)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=OFF")
    now = int(time.time())
    repository = db.execute("INSERT INTO repository (registry_id, name, created_at) VALUES (1, 'simulated', ?) RETURNING id", (now,)).fetchone()[0]
    context = db.execute("INSERT INTO context (distro, release, ecosystem) VALUES ('debian', '12', 'Debian:12') RETURNING id").fetchone()[0]
    db.executemany("INSERT INTO component (id, ecosystem, namespace, name, version, source, source_version, arch, module, origin, context_id, "
                   "lookup_ecosystem, lookup_name, matched_at) VALUES (?, 'Debian', 'debian', ?, '0.1-1', ?, '0.1-1', 'amd64', '', '', ?, 'Debian:12', ?, ?)",
                   ((i, name, name, context, name, now) for i, name in enumerate(sources, 1)))
    db.executemany("INSERT INTO inventory (id, digest, context_id, coverage, created_at) VALUES (?, ?, ?, 'full', ?)",
                   ((i, f"sha256:{i:064x}", context, now) for i in range(1, inventories + 1)))
    db.executemany("INSERT INTO inventory_item (inventory_id, component_id, path, layer, layer_index) VALUES (?, ?, 'var/lib/dpkg/status', 'sha256:0', 0)",
                   ((i, (i * 7 + n * 13) % len(sources) + 1) for i in range(1, inventories + 1) for n in range(items)))
    db.executemany("INSERT INTO manifest (id, digest, kind, size, body, created_at) VALUES (?, ?, 'image', 2, x'7b7d', ?)",
                   ((i, f"sha256:{i:064x}", now) for i in range(1, images + 1)))
    db.executemany("INSERT INTO repo_manifest (repository_id, manifest_id, media_type, pushed_at) VALUES (?, ?, ?, ?)",
                   ((repository, i, OCI, now) for i in range(1, images + 1)))
    db.executemany("INSERT INTO image (manifest_id, inventory_id, state, scanned_at) VALUES (?, ?, 'scanned', ?)",
                   ((i, i % inventories + 1, now) for i in range(1, images + 1)))
    db.commit()
    db.close()


def row_million(b):
    """One advisory changes; a million images share the package it names."""
    tracker = b.testdata / "feeds/debian/tracker-derived.json.xz"
    if not tracker.exists():
        return [{"what": "one changed advisory, 1,000,000 images", "ours": 0, "unit": "s", "beside": "(no shared test data here)"}]
    ours = type(b.portwarden)(b.root, b.work / "million")
    (b.work / "million").mkdir()
    ours.run("init")
    ours.run("feeds", "import", "debian-tracker", str(tracker))
    document = json.loads(lzma.open(tracker).read())
    sources = [name for name, cves in document.items() if any(r.get("releases", {}).get("bookworm", {}).get("status") == "resolved" for r in cves.values())]
    database = ours.data / "portwarden.db"
    simulate_images(database, sources)
    ours.start()  # what is waiting since the import is done first
    db = sqlite3.connect(database)

    def until(question, *values):
        ends = time.monotonic() + 300
        while not db.execute(question, values).fetchone()[0]:
            if time.monotonic() > ends:
                raise SystemExit("the changed advisory never arrived")
            time.sleep(0.002)
    until("SELECT count(*) = 0 FROM job WHERE kind = 'rematch'")
    ours.stop()
    name = sources[len(sources) // 2]
    cve = next(c for c, r in document[name].items() if r.get("releases", {}).get("bookworm", {}).get("status") == "resolved")
    document[name][cve]["releases"]["bookworm"]["fixed_version"] = "99:1-1"
    changed = b.work / "changed.json"
    changed.write_text(json.dumps(document))
    imported = run_measured([ours.program, "feeds", "import", "debian-tracker", str(changed), "--data", str(ours.data)])[0]
    start = time.monotonic()
    ours.start()
    until("SELECT count(*) > 0 FROM component_finding f JOIN component c ON c.id = f.component_id "
          "WHERE c.name = ? AND f.vulnerability = ? AND f.fixed_version = '99:1-1'", name, cve)
    took = time.monotonic() - start
    images = db.execute("SELECT count(*) FROM component_finding f JOIN component c ON c.id = f.component_id JOIN inventory_item x ON x.component_id = c.id "
                        "JOIN image i ON i.inventory_id = x.inventory_id WHERE c.name = ? AND f.vulnerability = ?", (name, cve)).fetchone()[0]
    db.close()
    scope = "/subscriptions/" + json.loads(ours.run("init", "--json").stdout)["subscription"]
    pages = []
    for path in ("/", scope + "/providers/Microsoft.Security/subAssessments?api-version=2019-01-01-preview"):
        asked = time.monotonic()
        wire = http.client.HTTPConnection("127.0.0.1", ours.port, timeout=120)
        wire.request("GET", path)
        answer = wire.getresponse()
        answer.read()
        pages.append(time.monotonic() - asked if answer.status == 200 else float("nan"))
    ours.stop()
    return [
        {"what": f"one changed advisory, {images:,} of 1,000,000 images", "ours": took, "unit": "s", "beside": "server start included", "budget": "< 1 s"},
        {"what": "  import of the changed document before it", "ours": imported, "unit": "s", "beside": "55,263 records compared"},
        {"what": "  first status page, 1,000,000 images", "ours": pages[0], "unit": "s", "budget": "< 0.1 s"},
        {"what": "  first page of sub-assessments", "ours": pages[1], "unit": "s"},
    ]


def row_memory(b):
    ours = b.portwarden
    ours.stop()
    ours.start()
    time.sleep(1.5)
    idle = ours.pss_mib()
    path, digest = b.big_layer()
    peak, ends = [0.0], threading.Event()

    def watch():
        while not ends.is_set():
            peak[0] = max(peak[0], ours.pss_mib())
            time.sleep(0.05)
    watcher = threading.Thread(target=watch)
    watcher.start()
    jobs = [threading.Thread(target=push_file, args=(b, ours, path, digest, f"bench/memory{i}")) for i in range(2)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    subprocess.run(["curl", "-sS", "-o", "/dev/null", ours.url() + f"/v2/bench/memory0/blobs/{digest}"], check=True)
    ends.set()
    watcher.join()
    return [
        {"what": "memory (PSS of all processes), idle", "ours": idle, "unit": "MiB", "budget": "< 25 MiB"},
        {"what": "  while pushing and pulling", "ours": peak[0], "unit": "MiB", "budget": "< 100 MiB"},
    ]


ROWS = {"get": row_get, "put": row_put, "push": row_push, "pull": row_pull, "scan": row_scan, "feeds": row_feeds,
        "finding": row_finding, "million": row_million, "memory": row_memory}
