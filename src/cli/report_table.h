#pragma once
/*
 * report_table.h - a report for people: findings by severity, what to do first, and what is not known.
 *
 * Everything from outside passes terminal_text. Threads: the main thread.
 */
#include "cli/cli.h"
#include "model/report.h"

void report_table_print(struct cli *cli, const struct report *report);
