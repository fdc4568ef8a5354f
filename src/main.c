/* main.c - the program: a zygote when it was re-executed as one, else the command line. */
#include <stdbool.h>

int main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    return 0;
}
