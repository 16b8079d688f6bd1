// The lab's floor: one epoll loop, and nothing between the kernel and what a server promises. An idle connection costs
// one struct.
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define UPGRADED "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
enum { TEXT = 1, BINARY, CLOSE = 8, PING, PONG, MESSAGE_LIMIT = 1 << 20, WAITING_LIMIT = 4 << 20 };

struct bytes { unsigned char *data; size_t length; };

struct client {
  int fd;
  unsigned place; // in clients
  enum { OPENING, MEMBER, PUBLISHER, CLOSING } state;
  unsigned char opcode; // of the message that has begun
  struct bytes unparsed, message, unsent;
  struct client *next_dropped;
};

static struct client **clients, *dropped;
static unsigned count, capacity;
static int epoll;
// What was kept of a client, which is less than a frame, and what is read.
static unsigned char input[MESSAGE_LIMIT + (2 << 16)];

static long micros(void) {
  struct timespec now;
  return clock_gettime(CLOCK_MONOTONIC, &now), now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void append(struct bytes *to, const void *data, size_t length) {
  if (length == 0) return;
  to->data = realloc(to->data, to->length + length);
  memcpy(to->data + to->length, data, length);
  to->length += length;
}

static void clear(struct bytes *bytes) { free(bytes->data), *bytes = (struct bytes){0}; }

// Closes. The memory is freed after the events at hand, of which one may be for this client.
static void drop(struct client *c) {
  if (c->fd < 0) return;
  close(c->fd);
  c->fd = -1;
  clients[c->place] = clients[--count], clients[c->place]->place = c->place;
  c->next_dropped = dropped, dropped = c;
}

// A client that does not read what it gets is not read from.
static void watch(struct client *c) {
  struct epoll_event events = {c->unsent.length > 0 ? EPOLLOUT : EPOLLIN, {.ptr = c}};
  epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &events);
}

static void send_frame(struct client *c, int opcode, const void *data, size_t length) {
  if (c->fd < 0) return;
  unsigned char header[10] = {0x80 | opcode, length < 126 ? length : length < 65536 ? 126 : 127};
  size_t size = length < 126 ? 2 : length < 65536 ? 4 : 10, skip = 0;
  if (size == 4) memcpy(header + 2, &(uint16_t){htobe16(length)}, 2);
  if (size == 10) memcpy(header + 2, &(uint64_t){htobe64(length)}, 8);
  int waited = c->unsent.length > 0;
  if (!waited) {
    struct iovec parts[] = {{header, size}, {(void *)data, length}};
    ssize_t sent = sendmsg(c->fd, &(struct msghdr){.msg_iov = parts, .msg_iovlen = 2}, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return drop(c);
    skip = sent < 0 ? 0 : sent;
  }
  if (skip < size) append(&c->unsent, header + skip, size - skip), skip = size;
  append(&c->unsent, (char *)data + (skip - size), length - (skip - size));
  if (!waited && c->unsent.length > 0) watch(c);
}

// Nothing more is sent; what still comes is read until the client ends the connection, so that it gets all.
static void finish(struct client *c) {
  c->state = CLOSING;
  if (c->fd >= 0 && c->unsent.length == 0) shutdown(c->fd, SHUT_WR);
}

// Sends to every member, and answers the publisher.
static void publish(struct client *publisher, int opcode, const void *data, size_t length) {
  long began = micros();
  unsigned members = 0, failed = 0;
  // Downwards, because the last takes the place of one that is dropped.
  for (unsigned i = count; i-- > 0;) {
    struct client *c = clients[i];
    if (c->state != MEMBER) continue;
    members++;
    if (c->unsent.length + length > WAITING_LIMIT) drop(c);
    else send_frame(c, opcode, data, length);
    failed += c->fd < 0;
  }
  char answer[64];
  send_frame(publisher, TEXT, answer, sprintf(answer, "sent %u %u %ld", members, failed, micros() - began));
}

// Takes a whole frame and returns its length; 0 when it is not all there, or is none and ends the connection.
static size_t take_frame(struct client *c, unsigned char *at, size_t available) {
  if (available < 2) return 0;
  int fin = at[0] >> 7, opcode = at[0] & 15, short_length = at[1] & 127;
  int is_control = opcode >= CLOSE, begins = opcode == TEXT || opcode == BINARY;
  size_t header = short_length == 127 ? 14 : short_length == 126 ? 8 : 6;
  int is_known = is_control ? opcode <= PONG && fin && short_length < 126 : begins ? !c->opcode : !opcode && c->opcode;
  if ((at[0] & 0x70) || !(at[1] & 0x80) || !is_known) return drop(c), 0;
  if (available < header) return 0;
  uint64_t length = header > 6 ? 0 : short_length;
  for (size_t i = 2; i < header - 4; i++) length = length << 8 | at[i];
  if (length > MESSAGE_LIMIT - (is_control ? 0 : c->message.length)) return drop(c), 0;
  if (available < header + length) return 0;
  unsigned char *mask = at + header - 4, *payload = at + header;
  for (size_t i = 0; i < length; i++) payload[i] ^= mask[i & 3];
  if (opcode == PING) send_frame(c, PONG, payload, length);
  if (opcode == CLOSE) send_frame(c, CLOSE, payload, length < 2 ? 0 : 2), finish(c);
  if (is_control) return header + length;
  if (begins) c->opcode = opcode;
  if (!fin || c->message.length > 0) append(&c->message, payload, length);
  if (!fin) return header + length;
  struct bytes whole = c->message.length > 0 ? c->message : (struct bytes){payload, length};
  (c->state == MEMBER ? send_frame : publish)(c, c->opcode, whole.data, whole.length);
  clear(&c->message), c->opcode = 0;
  return header + length;
}

// Answers a request and returns its length; 0 when it is not all there.
static size_t take_request(struct client *c, unsigned char *at, size_t available) {
  unsigned char *end = memmem(at, available, "\r\n\r\n", 4), hash[20];
  if (end == NULL) return available > 8192 ? drop(c), 0 : 0;
  *end = 0;
  char *key = strcasestr((char *)at, "\nsec-websocket-key:"), path[16] = "", text[61] = "", accept[29], answer[256];
  sscanf((char *)at, "GET %15[^ ?]", path);
  c->state = strcmp(path, "/") == 0 ? MEMBER : strcmp(path, "/publish") == 0 ? PUBLISHER : CLOSING;
  const char *refusal = c->state == CLOSING ? "404 Not Found" : "426 Upgrade Required";
  if (key == NULL || sscanf(key + 19, " %24s", text) != 1 || strlen(text) != 24) c->state = CLOSING;
  EVP_Digest(strcat(text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"), 60, hash, NULL, EVP_sha1(), NULL);
  EVP_EncodeBlock((unsigned char *)accept, hash, sizeof hash);
  if (c->state == CLOSING) snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n", refusal);
  else snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\n" UPGRADED "%s\r\n\r\n", accept);
  // It is the first that is sent, and fits into the socket's buffer.
  if (send(c->fd, answer, strlen(answer), MSG_NOSIGNAL) < 0) drop(c);
  if (c->state == CLOSING) finish(c);
  return end + 4 - at;
}

// Takes what is there until it is used up or something waits to be sent, and keeps the rest.
static void take(struct client *c, size_t length) {
  size_t used = 0, took = 1;
  while (c->fd >= 0 && took > 0 && c->unsent.length == 0 && c->state != CLOSING)
    used += took = (c->state == OPENING ? take_request : take_frame)(c, input + used, length - used);
  if (c->state != CLOSING) append(&c->unparsed, input + used, length - used);
}

static void handle(struct client *c, unsigned events) {
  if (c->fd < 0) return;
  if (c->unsent.length > 0) {
    ssize_t sent = send(c->fd, c->unsent.data, c->unsent.length, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN ? (void)0 : drop(c);
    memmove(c->unsent.data, c->unsent.data + sent, c->unsent.length -= sent);
    if (c->unsent.length > 0) return;
    clear(&c->unsent), watch(c);
    if (c->state == CLOSING) finish(c);
  }
  size_t kept = c->unparsed.length;
  if (kept > 0) memcpy(input, c->unparsed.data, kept);
  ssize_t got = events & EPOLLIN ? read(c->fd, input + kept, 1 << 16) : 0;
  if (events & EPOLLIN && got <= 0) return got < 0 && errno == EAGAIN ? (void)0 : drop(c);
  clear(&c->unparsed);
  take(c, kept + got);
}

static void accept_clients(int listener) {
  for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
    struct client *c = calloc(1, sizeof *c);
    c->fd = fd, c->place = count;
    if (count == capacity) clients = realloc(clients, (capacity = capacity * 2 + 1024) * sizeof *clients);
    clients[count++] = c;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.ptr = c});
  }
}

static int listen_or_exit(void) {
  struct addrinfo *to, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
  if (getaddrinfo(getenv("C1M_ADDRESS"), getenv("C1M_PORT"), &hints, &to) != 0) exit(1);
  int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
  if (bind(fd, to->ai_addr, to->ai_addrlen) == 0 && listen(fd, atoi(getenv("C1M_BACKLOG"))) == 0) return fd;
  perror("floor: cannot listen"), exit(1);
}

static void say_goodbye(void) {
  for (unsigned i = count; i-- > 0;) {
    struct client *c = clients[i];
    if (c->state == OPENING) drop(c);
    else if (c->state != CLOSING) send_frame(c, CLOSE, "\x03\xe9", 2), finish(c);
  }
}

int main(void) {
  sigset_t signals;
  sigemptyset(&signals), sigaddset(&signals, SIGTERM), sigprocmask(SIG_BLOCK, &signals, NULL);
  int terminated = signalfd(-1, &signals, 0), listener = listen_or_exit();
  epoll = epoll_create1(0);
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &listener});
  epoll_ctl(epoll, EPOLL_CTL_ADD, terminated, &(struct epoll_event){.events = EPOLLIN, .data.ptr = &terminated});
  printf("{\"event\":\"listening\",\"port\":%s,\"server\":\"floor\",\"version\":\"1.0\"}\n", getenv("C1M_PORT"));
  fflush(stdout);
  long deadline = 0; // when the server stops
  while (deadline == 0 || (count > 0 && micros() < deadline)) {
    struct epoll_event events[256];
    int ready = epoll_wait(epoll, events, 256, deadline == 0 ? -1 : 100);
    for (int i = 0; i < ready; i++) {
      if (events[i].data.ptr == &listener) accept_clients(listener);
      else if (events[i].data.ptr != &terminated) handle(events[i].data.ptr, events[i].events);
      else deadline = micros() + 5000000, close(terminated), close(listener), say_goodbye();
    }
    for (struct client *c; (c = dropped) != NULL; free(c)) {
      dropped = c->next_dropped, clear(&c->unparsed), clear(&c->message), clear(&c->unsent);
    }
  }
  printf("{\"event\":\"stopped\",\"port\":%s}\n", getenv("C1M_PORT"));
}
