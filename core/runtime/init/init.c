/* The first process of a container started with --init, as small as can be.
 *
 *     docker-init -- PROGRAM [ARGUMENT...]
 *
 * It starts the program in a process group of its own (in the foreground, when there is a terminal),
 * forwards every signal to it, reaps whatever is orphaned to it, and exits as the program did: its code, or
 * 128 + n when signal n killed it. No C library: built by the line in __init__.py, under two kilobytes.
 */

typedef unsigned long word;

struct timespec { long seconds, nanoseconds; };

#if defined(__x86_64__)
enum { WRITE = 1, SIGPROCMASK = 14, IOCTL = 16, CLONE = 56, EXECVE = 59, EXIT = 60, WAIT4 = 61, KILL = 62, GETPID = 39,
       SETPGID = 109, SIGTIMEDWAIT = 128, PRCTL = 157 };
static long call(word n, word a, word b, word c, word d, word e)
{
    register word r10 __asm__("r10") = d, r8 __asm__("r8") = e;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}
__asm__(".globl _start\n_start:\n xor %ebp,%ebp\n mov %rsp,%rdi\n and $-16,%rsp\n call start\n");
#elif defined(__aarch64__)
enum { WRITE = 64, SIGPROCMASK = 135, IOCTL = 29, CLONE = 220, EXECVE = 221, EXIT = 93, WAIT4 = 260, KILL = 129, GETPID = 172,
       SETPGID = 154, SIGTIMEDWAIT = 137, PRCTL = 167 };
static long call(word n, word a, word b, word c, word d, word e)
{
    register word x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
                  x3 __asm__("x3") = d, x4 __asm__("x4") = e;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return (long)x0;
}
__asm__(".globl _start\n_start:\n mov x29,#0\n mov x30,#0\n mov x0,sp\n and sp,x0,#-16\n bl start\n");
#endif

enum { SIGCHLD = 17, SIGTTIN = 21, SIGTTOU = 22, SIG_BLOCK = 0, SIG_SETMASK = 2, WNOHANG = 1, TIOCSPGRP = 0x5410 };
enum { ENOENT = 2, EINTR = 4, ENOTDIR = 20, EACCES = 13 };

static word length(const char *text)
{
    word n = 0;
    while (text[n]) n++;
    return n;
}

static int is_path(const char *variable)
{
    static const char name[] = "PATH=";
    for (int i = 0; i < 5; i++)
        if (variable[i] != name[i]) return 0;
    return 1;
}

/* execvp(3): along PATH when the name has no slash; gives the error that matters most. */
static long execute(char **argv, char **env)
{
    char candidate[4096];
    const char *name = argv[0], *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    word size = length(name);
    long error = -ENOENT;
    for (word i = 0; i < size; i++)
        if (name[i] == '/') return call(EXECVE, (word)name, (word)argv, (word)env, 0, 0);
    for (char **variable = env; *variable; variable++)
        if (is_path(*variable)) path = *variable + 5;
    for (;;) {
        word n = 0;
        while (path[n] && path[n] != ':') n++;
        if (n + size + 3 < sizeof candidate) {
            word at = 0;
            for (; at < n; at++) candidate[at] = path[at];
            if (at == 0) candidate[at++] = '.';
            candidate[at++] = '/';
            for (word i = 0; i <= size; i++) candidate[at + i] = name[i];
            long result = call(EXECVE, (word)candidate, (word)argv, (word)env, 0, 0);
            if (result != -ENOENT && result != -ENOTDIR && !(result == -EACCES && error == -EACCES)) error = result;
            if (result != -ENOENT && result != -ENOTDIR && result != -EACCES) return result;
        }
        if (!path[n]) return error;
        path += n + 1;
    }
}

static void run(char **argv, char **env, word *none)
{
    /* SIGTTOU must not stop this process while it takes the terminal; all signals are still blocked. */
    call(SETPGID, 0, 0, 0, 0, 0);
    int group = (int)call(GETPID, 0, 0, 0, 0, 0);
    call(IOCTL, 0, TIOCSPGRP, (word)&group, 0, 0);
    call(SIGPROCMASK, SIG_SETMASK, (word)none, 0, 8, 0);
    long error = execute(argv, env);
    static const char message[] = "docker-init: the program could not be executed\n";
    call(WRITE, 2, (word)message, sizeof message - 1, 0, 0);
    call(EXIT, error == -ENOENT ? 127 : 126, 0, 0, 0, 0);
}

__attribute__((used, noreturn)) void start(word *stack)
{
    char **argv = (char **)(stack + 1), **env = argv + stack[0] + 1;
    word all = ~0UL, none = 0;
    int siginfo[32];
    call(PRCTL, 15, (word)"docker-init", 0, 0, 0);
    call(SIGPROCMASK, SIG_BLOCK, (word)&all, 0, 8, 0);
    if (stack[0] < 3) call(EXIT, 1, 0, 0, 0, 0);
    long program = call(CLONE, SIGCHLD, 0, 0, 0, 0);
    if (program < 0) call(EXIT, 126, 0, 0, 0, 0);
    if (program == 0) run(argv + 2, env, &none);
    for (;;) {
        long signal = call(SIGTIMEDWAIT, (word)&all, (word)siginfo, 0, 8, 0);
        if (signal > 0 && signal != SIGCHLD) call(KILL, program, signal, 0, 0, 0);
        for (;;) {
            int status = 0;
            long pid = call(WAIT4, (word)-1, (word)&status, WNOHANG, 0, 0);
            if (pid <= 0) break;
            if (pid == program)
                call(EXIT, status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff, 0, 0, 0, 0);
        }
    }
}
