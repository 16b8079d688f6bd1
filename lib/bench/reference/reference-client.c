/*
 * The reference that the load generator is measured against: a WebSocket client in C on epoll that does the same work
 * with the same system calls, edge-triggered, with explicit local ports, and the request sent right after connect().
 *
 *   reference-client ADDRESS PORT CONNECTIONS SOURCE FIRST_LOCAL_PORT IN_FLIGHT
 *
 * Prints `open <n> <micros> <cpuMicros>` when all are open, then for each broadcast (after the last member got it)
 * `broadcast <received> <firstToLastMicros> <cpuMicros>`; ends when standard input does. cpuMicros is user and system
 * time since the process began.
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FREE, UPGRADING, CONNECTING, OPEN };

static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static unsigned char *state;
static int32_t *last_seq;
static char request[512];
static int request_length;
static int epoll_fd, wanted, in_flight, opened, failed;
static long received, first_micros, last_micros;

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

static void end_of(int fd) {
  if (state[fd] != OPEN) in_flight--;
  state[fd] = FREE;
  close(fd);
  failed++;
}

static void send_request(int fd) {
  if (send(fd, request, request_length, MSG_NOSIGNAL) == request_length) {
    state[fd] = UPGRADING;
    return;
  }
  if (errno != EAGAIN) end_of(fd);
}

static void begin(struct sockaddr_in *server, struct sockaddr_in *source, int local_port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  source->sin_port = htons(local_port);
  if (bind(fd, (struct sockaddr *)source, sizeof *source) != 0 ||
      (connect(fd, (struct sockaddr *)server, sizeof *server) != 0 && errno != EINPROGRESS)) {
    perror("reference-client");
    exit(1);
  }
  in_flight++;
  state[fd] = CONNECTING;
  last_seq[fd] = -1;
  send_request(fd);
  if (state[fd] == FREE) return;
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
  if (state[fd] == CONNECTING) event.events |= EPOLLOUT;
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* Each complete small text frame that holds a number counts as a broadcast of that number. */
static void frames(int fd, const char *bytes, long length) {
  long at = 0;
  while (length - at >= 2) {
    int payload = bytes[at + 1] & 0x7f;
    if ((unsigned char)bytes[at] != 0x81 || payload > 125 || at + 2 + payload > length) {
      end_of(fd);
      return;
    }
    int32_t seq = 0;
    const char *digit = bytes + at + 2, *end = digit + payload;
    while (digit < end && *digit >= '0' && *digit <= '9') seq = seq * 10 + (*digit++ - '0');
    if (seq > last_seq[fd]) {
      last_seq[fd] = seq;
      last_micros = micros();
      if (received++ == 0) first_micros = last_micros;
    }
    at += 2 + payload;
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
  state[fd] = OPEN;
  if (end + 4 < bytes + length) frames(fd, end + 4, bytes + length - end - 4);
}

int main(int argc, char **argv) {
  if (argc != 7) return 2;
  static char buffer[65537];
  struct epoll_event events[512];
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  struct sockaddr_in source = {.sin_family = AF_INET};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  inet_pton(AF_INET, argv[4], &source.sin_addr);
  wanted = atoi(argv[3]);
  int next_port = atoi(argv[5]), most = atoi(argv[6]), begun = 0, told = 0;
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  state = calloc(wanted + 128, 1);
  last_seq = calloc(wanted + 128, sizeof *last_seq);
  request_length = snprintf(request, sizeof request,
                            "GET / HTTP/1.1\r\nHost: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
                            argv[1], argv[2], KEY);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event input = {.events = EPOLLIN, .data.fd = 0};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input);
  long began = micros();
  for (;;) {
    for (int n = 0; n < 64 && begun < wanted && in_flight < most; n++, begun++) begin(&server, &source, next_port++);
    if (!told && opened + failed == wanted) {
      told = 1;
      printf("open %d %ld %ld\n", opened, micros() - began, cpu_micros());
      fflush(stdout);
    }
    int count = epoll_wait(epoll_fd, events, 512, begun < wanted && in_flight < most ? 0 : -1);
    for (int n = 0; n < count; n++) {
      int fd = events[n].data.fd;
      if (fd == 0) {
        char byte;
        if (read(0, &byte, 1) <= 0) return 0;
        continue;
      }
      if (state[fd] == CONNECTING && (events[n].events & (EPOLLOUT | EPOLLERR | EPOLLHUP))) send_request(fd);
      if (state[fd] == FREE || !(events[n].events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP))) continue;
      long got = recv(fd, buffer, sizeof buffer - 1, 0);
      if (got <= 0) {
        if (got == 0 || errno != EAGAIN) end_of(fd);
      } else if (state[fd] == OPEN) {
        frames(fd, buffer, got);
      } else {
        response(fd, buffer, got);
      }
    }
    if (received >= opened && told && received > 0) {
      printf("broadcast %ld %ld %ld\n", received, last_micros - first_micros, cpu_micros());
      fflush(stdout);
      received = 0;
    }
  }
}
