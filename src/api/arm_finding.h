#pragma once
/*
 * arm_finding.h - findings of one image in the shape of sub-assessments.
 *
 * One row per (registry, repository, digest, vulnerability, source package): packages built from one
 * source share it. A healthy image has exactly one row, of code Healthy; an image that was not or
 * not fully scanned and has nothing active has none.
 * Names are stable: they depend on those five words alone.
 */
#include "base/json_write.h"
#include "store/reports.h"

#define ARM_ASSESSMENT "dbd0cb49-b563-45e7-9724-889e799fa648"

enum { ARM_NAME_SIZE = 37 };

/* Findings of one vulnerability in the packages of one source. */
struct arm_row {
    const struct report_finding **findings; /* the most severe first; none: the Healthy row */
    size_t                        count;
    char                          name[ARM_NAME_SIZE];
};
struct arm_rows {
    struct arm_row *rows;
    size_t          count;
};
pw_code arm_finding_rows(struct arena *arena, const struct image_row *image,
                         const struct report *report, struct arm_rows *ret_rows, struct err *err);
void    arm_finding_write(struct json_writer *w, const struct image_row *image,
                          const struct report *report, const struct arm_row *row);
/* The first 12 hex digits of the names of this image's rows: finds the image of a name. */
void arm_finding_image_part(const struct image_row *image, char ret_part[13]);
bool arm_finding_name_is_of(const struct image_row *image, str name);
