/* Version orders: both ways round, equal to itself, transitive over three texts of one input. */
#include <stdlib.h>
#include "version/scheme.h"

static void check_three(const struct version_scheme *scheme, str a, str b, str c) {
    enum version_order ab = scheme->compare(a, b), ba = scheme->compare(b, a);
    enum version_order bc = scheme->compare(b, c), ac = scheme->compare(a, c);
    bool               valid = scheme->valid(a) && scheme->valid(b);

    if ((ab == VERSION_UNKNOWN) == valid)
        abort();
    if (ba != (ab == VERSION_UNKNOWN ? ab : (enum version_order)(-(int)ab)))
        abort();
    if (scheme->compare(a, a) != (scheme->valid(a) ? VERSION_EQUAL : VERSION_UNKNOWN))
        abort();
    if (ab == VERSION_UNKNOWN || bc == VERSION_UNKNOWN)
        return;
    if (ab == VERSION_EQUAL && ac != bc)
        abort();
    if (ab == VERSION_LESS && bc != VERSION_GREATER && ac != VERSION_LESS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    str rest = str_make(data, size), parts[3] = {{0}};

    if (size == 0)
        return 0;
    for (int i = 0; i < 3; i++)
        (void)str_cut(&rest, '\n', &parts[i]); /* missing ones are empty */
    for (size_t i = 0; version_schemes[i] != NULL; i++)
        check_three(version_schemes[i], parts[0], parts[1], parts[2]);
    return 0;
}
