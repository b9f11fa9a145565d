/* Test only: makes chosen file system calls fail below the program, loaded with LD_PRELOAD.
 *
 * fault_arm(folder, kind, first, count, code): of the calls of `kind` that touch `folder`, number
 * `first` (from 1) and the count - 1 after it fail with errno `code`; a write that is to fail for
 * want of space first writes half of what it was given, as a full disk does. fault_seen() tells
 * how many such calls there were, failed ones included.
 * fault_pause(here, until): a rename into the folder first makes the file `here` and waits, a
 * minute at most, for the file `until`.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { NONE, WRITE, SYNC, RENAME, CREATE, RESIZE };

static char folder[PATH_MAX];
static int armed, failing, code_, seen;
static int first_, count_;
static const char *here_, *until_;

void fault_arm(const char *where, int kind, int first, int count, int code) {
    strncpy(folder, where, sizeof folder - 1);
    failing = kind; first_ = first; count_ = count; code_ = code; seen = 0; armed = 1;
}

int fault_seen(void) { return seen; }

void fault_disarm(void) { armed = 0; }

void fault_pause(const char *here, const char *until) { here_ = strdup(here); until_ = strdup(until); }

static void wait_there(int touches) {
    if (!armed || !until_ || !touches) return;
    int fd = creat(here_, 0600);
    if (fd >= 0) close(fd);
    for (int i = 0; i < 6000 && access(until_, F_OK); i++) usleep(10000);
}

static int within(const char *path) {
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static int is_open_within(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    return within(path);
}

/* Count the call; tell whether it is to fail. */
static int strikes(int kind, int touches) {
    if (!armed || kind != failing || !touches) return 0;
    seen++;
    if (seen < first_ || seen - first_ >= count_) return 0;
    errno = code_;
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, name)

#define ON_FD(kind, fd) strikes(kind, armed && failing == (kind) && is_open_within(fd))

ssize_t write(int fd, const void *data, size_t n) {
    REAL(ssize_t, "write", int, const void *, size_t);
    if (ON_FD(WRITE, fd)) {
        if (code_ == ENOSPC && n > 1) real(fd, data, n / 2);
        errno = code_;
        return -1;
    }
    return real(fd, data, n);
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    if (ON_FD(WRITE, fd)) {
        if (code_ == ENOSPC && n > 1) real(fd, data, n / 2, at);
        errno = code_;
        return -1;
    }
    return real(fd, data, n, at);
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    if (ON_FD(WRITE, fd)) {
        if (code_ == ENOSPC && n > 1) real(fd, data, n / 2, at);
        errno = code_;
        return -1;
    }
    return real(fd, data, n, at);
}

int fsync(int fd) {
    REAL(int, "fsync", int);
    return ON_FD(SYNC, fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(int, "fdatasync", int);
    return ON_FD(SYNC, fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    return ON_FD(RESIZE, fd) ? -1 : real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t);
    return ON_FD(RESIZE, fd) ? -1 : real(fd, size);
}

int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *);
    if (strikes(RENAME, within(to))) return -1;
    wait_there(within(to));
    return real(from, to);
}

int renameat(int a, const char *from, int b, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return strikes(RENAME, within(to)) ? -1 : real(a, from, b, to);
}

int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *);
    return strikes(RENAME, within(to)) ? -1 : real(from, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    return strikes(RENAME, within(to)) ? -1 : real(a, from, b, to, flags);
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t);
    return strikes(CREATE, within(path)) ? -1 : real(path, mode);
}

#define OPENS(name) \
int name(const char *path, int flags, ...) { \
    REAL(int, #name, const char *, int, ...); \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    if (flags & O_CREAT && strikes(CREATE, within(path))) return -1; \
    return real(path, flags, mode); \
}
OPENS(open)
OPENS(open64)
