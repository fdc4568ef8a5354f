/* commands.c - the list of commands: usage, help and dispatch are derived from it. */
#include "cli/cli.h"

static const struct cli_option serve_options[] = {
    {"config", "FILE", "read this YAML file (default: DATA/portwarden.yaml when it exists)"},
    {"listen", "ADDRESS:PORT",
     "listen here instead of the configured address; port 0 takes a free one"},
    {"print-config", NULL, "print every key with its default and what it means, then exit"},
    {NULL, NULL, NULL},
};
static const struct cli_option scan_options[] = {
    {"format", "table|json", "how to print the report (default: table)"},
    {"fail-on", "low|medium|high|critical", "exit 1 when a finding is at least this severe"},
    {"platform", "OS/ARCH", "image to take from a multi-platform index (default: linux/amd64)"},
    {"progress", NULL, "show progress even when standard error is no terminal"},
    {NULL, NULL, NULL},
};
static const struct cli_option report_options[] = {
    {"format", "table|json", "how to print the report (default: table)"},
    {"fail-on", "low|medium|high|critical", "exit 1 when a finding is at least this severe"},
    {NULL, NULL, NULL},
};
static const struct cli_option feeds_import_options[] = {
    {"force", NULL, "believe a feed that lost most of its records"},
    {"progress", NULL, "show progress even when standard error is no terminal"},
    {NULL, NULL, NULL},
};
static const struct cli_option feeds_update_options[] = {
    {"quick", NULL, "only what the images stored here need first; small feeds before large ones"},
    {"config", "FILE",
     "take addresses from this YAML file (default: DATA/portwarden.yaml when it exists)"},
    {"progress", NULL, "show progress even when standard error is no terminal"},
    {NULL, NULL, NULL},
};
static const struct cli_option fsck_options[] = {
    {"deep", NULL, "read every blob and compare its digest"},
    {"repair", NULL, "remove what nothing refers to, quarantine what is damaged"},
    {"rebuild", NULL, "make the registry's rows anew from the stored records"},
    {NULL, NULL, NULL},
};

const struct cli_command cli_commands[] = {
    {"serve", "", "run the registry and the scanner",
     "Creates the data folder when it is missing. Listens on loopback only.", serve_options, 0, 0,
     cmd_serve},
    {"init", "", "create the data folder, its database and a default registry", NULL, NULL, 0, 0,
     cmd_init},
    {"scan", "TARGET", "report known vulnerabilities of an image",
     "Targets:\n"
     "  oci:DIR[:TAG]          an OCI image layout\n"
     "  docker-archive:FILE    what `docker save` writes\n"
     "  rootfs:DIR             a root file system\n"
     "  HOST/NAME[:TAG|@DIGEST]  an image in a registry on this machine (http, loopback)",
     scan_options, 1, 1, cmd_scan},
    {"report", "NAME[:TAG|@DIGEST]", "print what the server found in an image it stores", NULL,
     report_options, 1, 1, cmd_report},
    {"feeds import", "FEED PATH", "read advisories from a file, a zip or a folder",
     "FEED is a name of `portwarden feeds list`; PATH may be compressed (gz, xz, zst, bz2).",
     feeds_import_options, 2, 2, cmd_feeds_import},
    {"feeds status", "", "what was imported, when, and what it covers", NULL, NULL, 0, 0,
     cmd_feeds_status},
    {"feeds list", "", "feeds that can be imported", NULL, NULL, 0, 0, cmd_feeds_list},
    {"feeds update", "[FEED]", "fetch feeds from their addresses", NULL, feeds_update_options, 0, 1,
     cmd_feeds_update},
    {"backup", "PATH", "write a consistent copy of the database to PATH",
     "Blobs are files that never change once written: copy DATA/blobs behind the backup.", NULL, 1,
     1, cmd_backup},
    {"fsck", "", "check that rows and stored bytes agree", NULL, fsck_options, 0, 0, cmd_fsck},
    {"version", "", "print the version", NULL, NULL, 0, 0, cmd_version},
    {"help", "[COMMAND]", "explain a command", NULL, NULL, 0, 2, cmd_help},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL},
};
