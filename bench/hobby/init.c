/* The first process of a small kernel with Linux's system calls of i386: a shell without a library. Words: `echo TEXT`,
   `cat FILE`, `fork N` (N processes, each of which is waited for). */

enum { EXIT = 1, FORK = 2, READ = 3, WRITE = 4, OPEN = 5, CLOSE = 6, WAIT = 7, MOUNT = 21 };

static int call(int number, int a, int b, int c)
{
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
    return result;
}

static void mount(const char *what, const char *where)
{
    int result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(MOUNT), "b"(what), "c"(where), "d"(what), "S"(0), "D"(0) : "memory");
}

static int length(const char *text)
{
    int count = 0;
    while (text[count])
        count++;
    return count;
}

static void say(const char *text) { call(WRITE, 1, (int)text, length(text)); }

/* What follows a word and a space; 0 if the line begins with another word. */
static char *after(char *line, const char *word)
{
    while (*word && *line == *word)
        line++, word++;
    return !*word && *line == ' ' ? line + 1 : 0;
}

static void cat(const char *file)
{
    static char bytes[512];
    int from = call(OPEN, (int)file, 0, 0), count;
    if (from < 0) {
        say("there is no such file\n");
        return;
    }
    while ((count = call(READ, from, (int)bytes, sizeof bytes)) > 0)
        call(WRITE, 1, (int)bytes, count);
    call(CLOSE, from, 0, 0);
}

static void forks(const char *digits)
{
    int count = 0, done = 0;
    while (*digits >= '0' && *digits <= '9')
        count = count * 10 + *digits++ - '0';
    for (int i = 0; i < count; i++) {
        int child = call(FORK, 0, 0, 0);
        if (child == 0)
            call(EXIT, 0, 0, 0);
        if (child > 0 && call(WAIT, child, 0, 0) == child)
            done++;
    }
    say(done == count ? "all forks came back\n" : "a fork was lost\n");
}

void _start(void)
{
    static char line[256];
    char *text;
    mount("proc", "/proc");
    say("init starts\n");
    for (;;) {
        say("# ");
        int count = call(READ, 0, (int)line, sizeof line - 1);
        if (count <= 0)
            continue;
        line[count - (line[count - 1] == '\n')] = 0;
        if ((text = after(line, "echo")))
            say(text), say("\n");
        else if ((text = after(line, "cat")))
            cat(text);
        else if ((text = after(line, "fork")))
            forks(text);
        else
            say("no such word\n");
    }
}
