/*
 * The reference that the load generator is measured against: a WebSocket client in C on epoll that does the same work
 * with the same system calls, edge-triggered, with explicit local ports, and the request sent right after connect().
 *
 *   reference-client ADDRESS PORT CONNECTIONS SOURCE FIRST_LOCAL_PORT IN_FLIGHT
 *
 * Prints `open <n> <micros> <cpuMicros>` when all are open, then for each broadcast (after the last member got it)
 * `broadcast <received> <firstToLastMicros> <cpuMicros>`. cpuMicros is user and system time since the process began.
 *
 * A line on standard input, once all are open, is a phase, which ends with `done <n> <cpuMicros>`; it ends with standard input.
 *   heartbeat COUNT RATE  pings, so many a second in all, round and round the connections; n are the pongs in order
 *   churn COUNT RATE      connections that close properly, so many a second, and are opened again; n are those that are back
 *   storm COUNT RATE      the same, but they are reset
 *
 * Compiled with -DTLS its connections are secured by OpenSSL, as a client in C usually does it: an SSL object a connection.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "transport.h"

enum { FREE, UPGRADING, CONNECTING, SECURING, OPEN, CLOSING };
enum { LONGEST_ROUND_TRIP = 1 << 20 };

static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static unsigned char *state;
static int32_t *last_seq, *port_of, *to_open;
static long *last_ping, *last_pong;
static int round_trips[LONGEST_ROUND_TRIP];
static struct sockaddr_in server = {.sin_family = AF_INET}, source = {.sin_family = AF_INET};
static char request[512];
static int request_length;
static int epoll_fd, size, wanted, in_flight, opened, failed, postponed, first_to_open, last_to_open;
static long received, first_micros, last_micros;

/* The phase that runs: pieces of work are due one after the other, whatever has become of the earlier ones. */
static struct {
  char kind[16];
  long count, taken, done, began;
  double between;
  int cursor;
} phase;

static long micros(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

static long cpu_micros(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* Its local port is used again. */
static void reopen(int fd) {
  to_open[last_to_open++ % wanted] = port_of[fd];
  state[fd] = FREE;
  drop(fd);
}

static void end_of(int fd) {
  if (state[fd] == CLOSING) {
    reopen(fd);
    return;
  }
  if (state[fd] != OPEN) in_flight--;
  state[fd] = FREE;
  drop(fd);
  failed++;
}

static void send_request(int fd) {
  if (!secured(fd)) {
    if (errno == EAGAIN) state[fd] = SECURING;
    else if (errno != EINPROGRESS) end_of(fd);
    return;
  }
  if (give(fd, request, request_length) == request_length) {
    state[fd] = UPGRADING;
    return;
  }
  if (errno != EAGAIN) end_of(fd);
}

static void begin(int local_port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  source.sin_port = htons(local_port);
  int is_bound = bind(fd, (struct sockaddr *)&source, sizeof source) == 0;
  /* The kernel may still wait for the last acknowledgement of the connection that had the port. */
  if (!is_bound && errno == EADDRINUSE && postponed++ < wanted) {
    to_open[last_to_open++ % wanted] = local_port;
    close(fd);
    return;
  }
  if (!is_bound || (connect(fd, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS)) {
    perror("reference-client");
    exit(1);
  }
  in_flight++;
  state[fd] = CONNECTING;
  port_of[fd] = local_port;
  last_seq[fd] = -1;
  last_ping[fd] = last_pong[fd] = 0;
  take_up(fd);
  send_request(fd);
  if (state[fd] == FREE) return;
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
  if (state[fd] == CONNECTING) event.events |= EPOLLOUT;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void send_frame(int fd, int opcode, const char *payload, int length) {
  unsigned char frame[131] = {0x80 | opcode, 0x80 | length};
  uint32_t mask = random();
  memcpy(frame + 2, &mask, 4);
  for (int n = 0; n < length; n++) frame[6 + n] = payload[n] ^ frame[2 + n % 4];
  if (give(fd, frame, 6 + length) != 6 + length) end_of(fd);
}

static long due_micros(void) { return phase.began + (long)(phase.taken * phase.between); }

/* Does one piece of work that is due, on the next open connection. */
static void work(void) {
  long due = due_micros();
  phase.taken++;
  do phase.cursor = (phase.cursor + 1) % size;
  while (state[phase.cursor] != OPEN);
  int fd = phase.cursor;
  if (phase.kind[0] != 'h') opened--;
  if (phase.kind[0] == 'h') {
    char payload[24];
    last_ping[fd] = due;
    send_frame(fd, 9, payload, sprintf(payload, "%ld", due));
  } else if (phase.kind[0] == 'c') {
    state[fd] = CLOSING;
    send_frame(fd, 8, "\x03\xe8", 2);
  } else {
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    reopen(fd);
  }
}

/* Waits for events, but not longer than until work is due. */
static int wait_for(struct epoll_event *events, int most, int at_once) {
  long micros_left = due_micros() - micros();
  if (!at_once && phase.taken == phase.count) return epoll_wait(epoll_fd, events, most, -1);
  if (at_once || micros_left <= 0) return epoll_wait(epoll_fd, events, most, 0);
  struct timespec left = {.tv_sec = micros_left / 1000000, .tv_nsec = micros_left % 1000000 * 1000};
  return syscall(SYS_epoll_pwait2, epoll_fd, events, most, &left, NULL, 0);
}

/* Each complete small text frame that holds a number counts as a broadcast of that number. */
static void frames(int fd, const char *bytes, long length) {
  long at = 0;
  while (length - at >= 2) {
    int opcode = (unsigned char)bytes[at], payload = bytes[at + 1] & 0x7f;
    if ((opcode != 0x81 && opcode != 0x8a) || payload > 125 || at + 2 + payload > length) {
      end_of(fd);
      return;
    }
    long seq = 0;
    const char *digit = bytes + at + 2, *end = digit + payload;
    while (digit < end && *digit >= '0' && *digit <= '9') seq = seq * 10 + (*digit++ - '0');
    at += 2 + payload;
    if (opcode == 0x8a) {
      long took = micros() - seq;
      /* A pong may come when the next ping has been sent: it counts, and so does one that took very long. */
      if (seq <= last_pong[fd] || seq > last_ping[fd]) continue;
      last_pong[fd] = seq;
      round_trips[took < LONGEST_ROUND_TRIP ? took : LONGEST_ROUND_TRIP - 1]++;
      phase.done++;
      continue;
    }
    if (seq > last_seq[fd]) {
      last_seq[fd] = seq;
      last_micros = micros();
      if (received++ == 0) first_micros = last_micros;
    }
  }
}

static void response(int fd, char *bytes, long length) {
  bytes[length] = 0;
  char *end = strstr(bytes, "\r\n\r\n");
  char *accept = strcasestr(bytes, "\r\nsec-websocket-accept: ");
  if (!end || strncmp(bytes, "HTTP/1.1 101 ", 13) != 0 || !strcasestr(bytes, "\r\nupgrade: websocket\r\n") ||
      !strcasestr(bytes, "\r\nconnection: upgrade\r\n") || !accept || strncmp(accept + 24, ACCEPT, 28) != 0) {
    end_of(fd);
    return;
  }
  in_flight--;
  opened++;
  if (phase.count > 0) phase.done++;
  state[fd] = OPEN;
  if (end + 4 < bytes + length) frames(fd, end + 4, bytes + length - end - 4);
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  static char buffer[65537];
  struct epoll_event events[512];
  server.sin_port = htons(atoi(argv[2]));
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  inet_pton(AF_INET, argv[4], &source.sin_addr);
  wanted = atoi(argv[3]);
  size = wanted + 128;
  int most = atoi(argv[6]), told = 0;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  prctl(PR_SET_TIMERSLACK, 1000);
  set_up(size);
  state = calloc(size, 1);
  last_seq = calloc(size, sizeof *last_seq);
  last_ping = calloc(size, sizeof *last_ping);
  last_pong = calloc(size, sizeof *last_pong);
  port_of = calloc(size, sizeof *port_of);
  to_open = calloc(wanted, sizeof *to_open);
  for (; last_to_open < wanted; last_to_open++) to_open[last_to_open] = atoi(argv[5]) + last_to_open;
  request_length = snprintf(request, sizeof request,
                            "GET / HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
                            argv[1], argv[2], KEY);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event input = {.events = EPOLLIN, .data.fd = 0};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input);
  long began = micros();
  for (;;) {
    while (phase.taken < phase.count && opened > 0 && due_micros() <= micros()) work();
    for (int n = 0; n < 64 && first_to_open < last_to_open && in_flight < most; n++) {
      begin(to_open[first_to_open++ % wanted]);
    }
    if (!told && opened + failed == wanted) {
      told = 1;
      printf("open %d %ld %ld\n", opened, micros() - began, cpu_micros());
      fflush(stdout);
    }
    int count = wait_for(events, 512, first_to_open < last_to_open && in_flight < most);
    for (int n = 0; n < count; n++) {
      int fd = events[n].data.fd;
      if (fd == 0) {
        long got = read(0, buffer, 200), rate;
        if (got <= 0) return 0;
        buffer[got] = 0;
        memset(&phase, 0, sizeof phase);
        if (sscanf(buffer, "%15s %ld %ld", phase.kind, &phase.count, &rate) != 3) return 2;
        phase.between = 1e6 / rate;
        phase.began = micros();
        continue;
      }
      if (state[fd] == SECURING || (state[fd] == CONNECTING && (events[n].events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))) {
        send_request(fd);
      }
      if (state[fd] == FREE || state[fd] == SECURING) continue;
      if (!(events[n].events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))) continue;
      long got;
      do {
        got = take(fd, buffer, sizeof buffer - 1);
        /* What comes after our goodbye is of no interest, but for its end. */
        while (got > 0 && state[fd] == CLOSING) got = take(fd, buffer, sizeof buffer - 1);
        if (got <= 0) {
          if (got == 0 || errno != EAGAIN) end_of(fd);
        } else if (state[fd] == OPEN) {
          frames(fd, buffer, got);
        } else {
          response(fd, buffer, got);
        }
      } while (RECORDS && got > 0 && state[fd] != FREE);
    }
    if (received >= opened && told && received > 0) {
      printf("broadcast %ld %ld %ld\n", received, last_micros - first_micros, cpu_micros());
      fflush(stdout);
      received = 0;
    }
    if (phase.count > 0 && phase.done == phase.count) {
      printf("done %ld %ld\n", phase.done, cpu_micros());
      fflush(stdout);
      phase.count = phase.taken = 0;
    }
  }
}
