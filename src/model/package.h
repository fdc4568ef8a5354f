#pragma once
/*
 * package.h - what an image contains.
 *
 * All text is borrowed (usually from the arena of a scan); an empty str means "not said".
 */
#include "base/str.h"

/* A package as a reader found it in one database or manifest file of one layer. */
struct package {
    str ecosystem;  /* family without release: "Debian", "Ubuntu", "Alpine", "npm", "PyPI" */
    str namespace_; /* purl namespace: "debian", "@scope" without the slash for npm; may be empty */
    str name; /* as the ecosystem writes it; PyPI names normalised (PEP 503), npm with @scope/ */
    str version;
    str source;         /* source package or apk origin; equals name when not said (OS packages) */
    str source_version; /* equals version when not said (OS packages) */
    str arch;
    str module; /* rpm module stream "nodejs:12" */
    str origin; /* "" the distribution's own; "third-party" otherwise */
    str path;   /* evidence: file it was read from, no leading slash */
    /* filled while stacking layers */
    str      layer;       /* digest text of the layer that brought it */
    unsigned layer_index; /* 0 is the lowest layer */
    str      owned_by;    /* OS package that owns `path`: listed but not matched, "" otherwise */
};

/* What decides which advisories apply to OS packages: part of a component's key. */
struct os_release {
    str id;         /* os-release ID: "debian", "alpine", ...; empty: no distribution found */
    str version_id; /* "12", "3.18.9" */
    str name;       /* PRETTY_NAME or NAME */
    str ecosystem;  /* advisory stream: "Debian:12", "Alpine:v3.18"; empty when there is none */
    str path;       /* where it was read */
};

/* Something that keeps an answer from being complete. */
struct incomplete {
    str path;   /* file or layer it is about, may be empty */
    str reason; /* a sentence for people; starts with a lower-case word */
    str kind;   /* machine word: "rpm-database", "go-binary", "jar", "no-packages", "ceiling",
                   "damaged", "unreadable", "no-advisories", "sample-advisories", "stale-advisories" */
};
