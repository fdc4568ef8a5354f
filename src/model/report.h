#pragma once
/*
 * report.h - everything that is known about one image, as the command line, REST and the status
 * page show it. Filled from a scan in memory or from rows; text is borrowed from the filler's arena.
 */
#include "model/image_state.h"

struct report_finding {
    struct finding finding; /* finding.package is one of report.packages */
    int64_t        since;   /* 0: not stored */
    bool           sample;  /* decided by a feed of sample data */
};

struct report_feed {
    str     name, version;
    int64_t updated_at;
    bool    sample;
};

struct report {
    str                    digest;
    struct os_release      os;
    struct package        *packages;
    size_t                 package_count;
    struct report_finding *findings; /* most severe first */
    size_t                 finding_count;
    struct incomplete     *incomplete;
    size_t                 incomplete_count;
    enum coverage          coverage;
    enum image_state       state;
    str                    reason;
    struct report_feed    *feeds; /* consulted */
    size_t                 feed_count;
    int64_t                scanned_at; /* 0: not stored */
    bool                   sample;     /* some answer rests on sample advisories */
};
