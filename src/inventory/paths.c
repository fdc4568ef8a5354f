/* paths.c - see paths.h. */
#include "inventory/paths.h"

#include "base/macros.h"

str paths_base(str path) {
    size_t slash = str_rfind_char(path, '/');

    return slash == STR_NPOS ? path : str_from(path, slash + 1);
}

str paths_parent(str path) {
    size_t slash = str_rfind_char(path, '/');

    return slash == STR_NPOS ? STR("") : str_sub(path, 0, slash);
}

bool paths_parent_is(str path, str base) {
    return str_eq(paths_base(paths_parent(path)), base);
}

bool paths_ends(str path, str tail) {
    if (!str_ends(path, tail))
        return false;
    return path.len == tail.len || str_ends(str_sub(path, 0, path.len - tail.len), STR("/"));
}

bool paths_is_npm(str path) {
    str folder, above;

    if (!paths_ends(path, STR("package.json")))
        return false;
    folder = paths_parent(path);
    above = paths_parent(folder);
    if (str_starts(paths_base(above), STR("@")))
        above = paths_parent(above);
    return paths_ends(above, STR("node_modules")) || str_eq(above, STR("usr/share/nodejs"));
}

bool paths_is_pypi(str path) {
    str folder = paths_base(paths_parent(path));

    if (paths_ends(path, STR("METADATA")))
        return str_ends(folder, STR(".dist-info"));
    if (paths_ends(path, STR("PKG-INFO")))
        return str_ends(folder, STR(".egg-info")) || str_eq(folder, STR("EGG-INFO"));
    return str_ends(path, STR(".egg-info"));
}

bool paths_is_archive(str path) {
    static const str endings[] = {STR_INIT(".jar"), STR_INIT(".war"), STR_INIT(".ear"),
                                  STR_INIT(".par"), STR_INIT(".sar"), STR_INIT(".hpi"),
                                  STR_INIT(".jpi"), STR_INIT(".nar")};

    EACH (ending, endings)
        if (str_ends(path, *ending))
            return true;
    return false;
}

bool paths_may_matter(str path) {
    static const str dull[] = {
        STR_INIT("usr/share/doc/"),      STR_INIT("usr/share/lintian/"),
        STR_INIT("usr/share/zoneinfo/"), STR_INIT("usr/share/locale/"),
        STR_INIT("usr/share/man/"),      STR_INIT("usr/share/bash-completion/"),
    };

    EACH (folder, dull)
        if (str_starts(path, *folder))
            return false;
    /* Programs have no ending; everything else that is looked at has one of these names. */
    return str_find_char(paths_base(path), '.') == STR_NPOS || str_ends(path, STR(".json")) ||
           str_ends(path, STR(".egg-info")) || str_ends(path, STR(".gemspec")) ||
           str_ends(path, STR(".egg")) || paths_is_archive(path);
}

bool paths_is_merged_into_usr(str path) {
    return str_starts(path, STR("bin/")) || str_starts(path, STR("sbin/")) ||
           (str_starts(path, STR("lib")) && str_find_char(path, '/') <= 6);
}

bool paths_link_matters(str path) {
    static const str roads[] = {
        STR_INIT("var/lib/dpkg/status"),  STR_INIT("var/lib/dpkg/status.d"),
        STR_INIT("var/lib/dpkg/info"),    STR_INIT("usr/lib/dpkg/status"),
        STR_INIT("lib/apk/db/installed"), STR_INIT("usr/lib/apk/db/installed"),
        STR_INIT("usr/lib/sysimage/rpm"), STR_INIT("var/lib/rpm"),
        STR_INIT("usr/lib/os-release"),   STR_INIT("etc/apk/repositories"),
    };
    size_t slash = str_find_char(path, '/');

    /* Near the root every link counts: it may carry whole applications. */
    if (slash == STR_NPOS || str_find_char(str_from(path, slash + 1), '/') == STR_NPOS)
        return true;
    EACH (road, roads)
        if (str_starts(*road, path) && (road->len == path.len || road->ptr[path.len] == '/'))
            return true;
    return false;
}
