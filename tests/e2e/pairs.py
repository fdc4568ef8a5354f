#!/usr/bin/env python3
"""pairs.py REPORT EXPECTED [ROOTFS]: does a scan report hold exactly the pairs of an oracle? 0 missing, 0 extra.

EXPECTED is what tools outside Portwarden computed: Debian (dpkg), Alpine (apk) or language packages.
Language packages that Debian's own database owns are counted twice by the oracle (as Debian and as
PyPI/npm): with ROOTFS such a pair is excused when dpkg confirms the owner, and named."""
import json
import subprocess
import sys

report, expected = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))["vulnerabilities"]
rootfs = sys.argv[3] if len(sys.argv) > 3 else None
findings = [f for f in report["findings"] if f["status"] == "affected"]
lang = bool(expected) and "ecosystem" in expected[0] or sys.argv[2].endswith(".lang.json")
excused = set()


def owner(path):
    if rootfs is None:
        return ""
    run = subprocess.run(["dpkg-query", "--admindir", rootfs + "/var/lib/dpkg", "-S", "/" + path],
                         capture_output=True, text=True)
    return run.stdout.split(":")[0] if run.returncode == 0 else ""


missing, extra = [], []
if not lang:
    kinds = {"Debian", "Alpine"}
    want = {(v["package"], v["version"], v["arch"], v["id"], v["fixed_version"]) for v in expected}
    got = set()
    for f in findings:
        p = f["package"]
        if p["ecosystem"] in kinds:
            got.add((p["name"], p["version"], p["arch"], f["id"], f.get("fixed_version") or ""))
    missing, extra = sorted(want - got), sorted(got - want)
    total = len(want)
else:
    kinds = {"npm", "PyPI"}
    ours = {}
    for f in findings:
        p = f["package"]
        if p["ecosystem"] in kinds:
            ours.setdefault((p["ecosystem"], p["version"]), []).append((p["path"], {f["id"], *f["aliases"]}, f))
    used = set()
    want = [v for v in expected if v["ecosystem"] in kinds]
    for v in want:
        hit = False
        for path, ids, f in ours.get((v["ecosystem"], v["version"]), []):
            if v["id"] in ids and (path == v["path"] or path.startswith(v["path"] + "/")):
                used.add(id(f))
                hit = True
        if not hit:
            who = owner(v["path"])
            if who:
                excused.add((v["package"], v["id"], "owned by Debian package " + who))
            else:
                missing.append((v["package"], v["version"], v["path"], v["id"]))
    for group in ours.values():
        extra += [(f["package"]["name"], path, f["id"]) for path, _, f in group if id(f) not in used]
    total = len(want)
for name, rows in (("missing", missing), ("extra", extra)):
    for row in rows[:15]:
        print(name, *row)
for row in sorted(excused):
    print("oracle counts twice:", *row)
print(f"{total} expected pairs, {len(missing)} missing, {len(extra)} extra, {len(excused)} excused")
sys.exit(1 if missing or extra or total == 0 and findings else 0)
