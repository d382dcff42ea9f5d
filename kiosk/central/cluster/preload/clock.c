/* Shifts the clock of a program that is started with LD_PRELOAD: by as many seconds as the file that CLOCK_FILE names holds, a
   decimal number, read at each look at the clock.
   libfaketime does the same with stdio, which allocates memory. PostgreSQL looks at the clock in signal handlers, and an
   allocation there breaks one that was interrupted (signal-safety(7)): the server aborted once in some minutes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock)(clockid_t, struct timespec *);
static char *file; /* a copy: PostgreSQL writes its title over the environment */

__attribute__((constructor)) static void prepare(void)
{
	real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	file = getenv("CLOCK_FILE");
	if (file)
		file = strdup(file);
}

static time_t ahead(void)
{
	char text[24];
	int before = errno, sign = 1, f = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	time_t seconds = 0;
	ssize_t n = f < 0 ? 0 : read(f, text, sizeof text);

	if (f >= 0)
		close(f);
	for (ssize_t i = 0; i < n; i++) {
		if (text[i] == '-')
			sign = -1;
		else if (text[i] >= '0' && text[i] <= '9')
			seconds = 10 * seconds + (text[i] - '0');
	}
	errno = before;
	return sign * seconds;
}

int clock_gettime(clockid_t which, struct timespec *t)
{
	int failed = real_clock(which, t);

	if (!failed && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
		t->tv_sec += ahead();
	return failed;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;
	int failed = clock_gettime(CLOCK_REALTIME, &now);

	(void)zone;
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return failed;
}

time_t time(time_t *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.tv_sec;
	return now.tv_sec;
}
