/* main.c - the program: a zygote when it was re-executed as one, else the command line. */
#include "cli/cli.h"
#include "sandbox/sandbox.h"

int main(int argc, char **argv) {
    bool is_zygote = false;
    int  code = sandbox_zygote_main(argc, argv, &is_zygote);

    return is_zygote ? code : cli_main(argc, argv);
}
