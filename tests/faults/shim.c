/* Injected faults on the files of one database, loaded with LD_PRELOAD.
 *
 * FAULTS_FILE names the files: every path that contains it. FAULTS_CONTROL is a file of 64-bit words that the test writes
 * and this library maps, so that faults begin and end while the process runs. Files of other names are not touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum word {
    WRITE_ERRNO, SYNC_ERRNO, READ_ERRNO, /* what such a call fails with; 0: it does not */
    TORN,    /* a write that fails, or during which the process is killed, has done half of its bytes */
    ONE_IN,  /* one in so many matching calls fails; 0 and 1: each */
    FILES,   /* which files: 1 the database, 2 its write-ahead log, 4 the index of that log */
    CALLS,   /* writes, syncs and truncations so far */
    KILL_AT, /* the process is killed instead of doing that call; 0: never */
    POWER,   /* then also: 1 everything that was not synced is undone, 2 half of it, at random */
    FAILED,  /* calls that have been made to fail */
    HANG,    /* while it is not 0, reads do not return */
    HANGING, /* reads that have begun to wait for that */
    WORDS
};

enum { DATABASE = 1, LOG = 2, INDEX = 4, MOST = 65536 };

static volatile uint64_t nothing[WORDS], *control = nothing;
static const char *marked;
static unsigned char kinds[MOST];
static char *paths[MOST];
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

/* A write that has not been synced. */
struct unsynced {
    struct unsynced *before;
    char *path;
    off_t at, size; /* of the file before it */
    size_t length, kept;
    char old[];
};
static struct unsynced *last;

#define REAL(result, name, ...) \
    static result (*real)(__VA_ARGS__); \
    if (!real) real = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int real_open(const char *path, int flags, mode_t mode) {
    REAL(int, "open", const char *, int, ...);
    return real(path, flags, mode);
}
static ssize_t real_write(int file, const void *bytes, size_t length) {
    REAL(ssize_t, "write", int, const void *, size_t);
    return real(file, bytes, length);
}
static ssize_t real_pwrite(int file, const void *bytes, size_t length, off_t at) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
    return real(file, bytes, length, at);
}
static ssize_t real_read(int file, void *bytes, size_t length) {
    REAL(ssize_t, "read", int, void *, size_t);
    return real(file, bytes, length);
}
static ssize_t real_pread(int file, void *bytes, size_t length, off_t at) {
    REAL(ssize_t, "pread", int, void *, size_t, off_t);
    return real(file, bytes, length, at);
}
static int real_truncate(int file, off_t size) {
    REAL(int, "ftruncate", int, off_t);
    return real(file, size);
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL");
    marked = getenv("FAULTS_FILE");
    int file = path ? real_open(path, O_RDWR, 0) : -1;
    if (file < 0) return;
    void *map = mmap(NULL, WORDS * sizeof(uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map != MAP_FAILED) control = map;
}

static int ends_with(const char *path, const char *end) {
    size_t length = strlen(path), of_end = strlen(end);
    return length >= of_end && !strcmp(path + length - of_end, end);
}

static int opened(int file, const char *path) {
    if (file < 0 || file >= MOST) return file;
    kinds[file] = 0;
    if (!marked || !path || !strstr(path, marked)) return file;
    free(paths[file]);
    paths[file] = strdup(path);
    kinds[file] = ends_with(path, "-wal") ? LOG : ends_with(path, "-shm") ? INDEX : DATABASE;
    return file;
}

static int kind(int file) { return file >= 0 && file < MOST ? kinds[file] : 0; }

/* Whether this call is to fail, and with what. */
static int fails(enum word with, int kind) {
    uint64_t error = control[with], one_in = control[ONE_IN];
    if (!error || !(control[FILES] & kind)) return 0;
    static uint64_t random = 88172645463325252u;
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    if (one_in > 1 && random % one_in) return 0;
    __atomic_fetch_add(&control[FAILED], 1, __ATOMIC_SEQ_CST);
    return (int)error;
}

static void remember(int file, size_t length, off_t at) {
    struct stat stat;
    struct unsynced *write = malloc(sizeof *write + length);
    if (!write || fstat(file, &stat)) abort();
    ssize_t kept = at < stat.st_size ? real_pread(file, write->old, length, at) : 0;
    *write = (struct unsynced){.before = last, .path = strdup(paths[file]), .at = at, .size = stat.st_size,
                               .length = length, .kept = kept > 0 ? (size_t)kept : 0};
    last = write;
}

static void synced(const char *path) {
    for (struct unsynced **write = &last; *write;) {
        struct unsynced *done = *write;
        if (strcmp(done->path, path)) { write = &done->before; continue; }
        *write = done->before;
        free(done->path);
        free(done);
    }
}

static void undo(uint64_t how) {
    uint64_t random = control[CALLS] * 2654435761u + 1;
    for (struct unsynced *write = last; write; write = write->before) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        if (how == 2 && (random >> 40) & 1) continue;
        int file = real_open(write->path, O_RDWR, 0);
        if (file < 0) continue;
        if (write->kept) real_pwrite(file, write->old, write->kept, write->at);
        if (how == 1 && real_truncate(file, write->size)) abort();
        static const char zeros[65536];
        for (size_t done = write->kept; how == 2 && done < write->length; done += sizeof zeros) {
            size_t left = write->length - done;
            real_pwrite(file, zeros, left < sizeof zeros ? left : sizeof zeros, write->at + (off_t)done);
        }
        close(file);
    }
}

/* Counts a call that changes a file, and ends the process if it is the last. The lock stays held: nobody else writes. */
static int counts(void) {
    return __atomic_add_fetch(&control[CALLS], 1, __ATOMIC_SEQ_CST) == control[KILL_AT];
}
static void die(void) {
    if (control[POWER]) undo(control[POWER]);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static ssize_t written(int file, const void *bytes, size_t length, off_t at) {
    pthread_mutex_lock(&one_at_a_time);
    int last_call = counts(), error = fails(WRITE_ERRNO, kind(file));
    size_t done = last_call || error ? (control[TORN] ? length / 2 : 0) : length;
    if (kind(file) != INDEX && done) remember(file, done, at);
    ssize_t count = done ? real_pwrite(file, bytes, done, at) : 0;
    int system_error = errno;
    if (last_call) die();
    pthread_mutex_unlock(&one_at_a_time);
    errno = error ? error : system_error;
    return error ? -1 : count;
}

static int synchronized(int file, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!kind(file)) return real(file);
    pthread_mutex_lock(&one_at_a_time);
    if (counts()) die();
    int error = fails(SYNC_ERRNO, kind(file)), result = error ? -1 : real(file);
    if (!result) synced(paths[file]);
    if (error) errno = error;
    pthread_mutex_unlock(&one_at_a_time);
    return result;
}

static int truncated(int file, off_t size) {
    if (!kind(file)) return real_truncate(file, size);
    pthread_mutex_lock(&one_at_a_time);
    if (counts()) die();
    struct stat stat;
    int error = fails(WRITE_ERRNO, kind(file));
    if (!error && kind(file) != INDEX && !fstat(file, &stat) && size < stat.st_size) remember(file, (size_t)(stat.st_size - size), size);
    int result = error ? -1 : real_truncate(file, size);
    if (error) errno = error;
    pthread_mutex_unlock(&one_at_a_time);
    return result;
}

static int unreadable(int file) {
    if (kind(file) && control[HANG]) {
        __atomic_add_fetch(&control[HANGING], 1, __ATOMIC_SEQ_CST);
        while (control[HANG]) usleep(1000);
    }
    int error = kind(file) ? fails(READ_ERRNO, kind(file)) : 0;
    if (error) errno = error;
    return error;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }
int open(const char *path, int flags, ...) { MODE(flags) return opened(real_open(path, flags, mode), path); }
int open64(const char *path, int flags, ...) { MODE(flags) return opened(real_open(path, flags | O_LARGEFILE, mode), path); }
int openat(int folder, const char *path, int flags, ...) {
    REAL(int, "openat", int, const char *, int, ...);
    MODE(flags)
    return opened(real(folder, path, flags, mode), path);
}
int close(int file) {
    REAL(int, "close", int);
    if (file >= 0 && file < MOST) kinds[file] = 0;
    return real(file);
}
ssize_t write(int file, const void *bytes, size_t length) {
    if (!kind(file)) return real_write(file, bytes, length);
    off_t at = lseek(file, 0, SEEK_CUR);
    ssize_t count = written(file, bytes, length, at);
    if (count > 0) lseek(file, at + count, SEEK_SET);
    return count;
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    return kind(file) ? written(file, bytes, length, at) : real_pwrite(file, bytes, length, at);
}
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) { return pwrite(file, bytes, length, at); }
ssize_t read(int file, void *bytes, size_t length) { return unreadable(file) ? -1 : real_read(file, bytes, length); }
ssize_t pread(int file, void *bytes, size_t length, off_t at) { return unreadable(file) ? -1 : real_pread(file, bytes, length, at); }
ssize_t pread64(int file, void *bytes, size_t length, off64_t at) { return pread(file, bytes, length, at); }
int fsync(int file) { return synchronized(file, "fsync"); }
int fdatasync(int file) { return synchronized(file, "fdatasync"); }
int ftruncate(int file, off_t size) { return truncated(file, size); }
int ftruncate64(int file, off64_t size) { return truncated(file, size); }
